-- The elements of a run's clusters: edge steps (OD), areal densities, atomic fractions.
--
-- The step at Fe K (7112 eV) holds that of Nd L1 (7126 eV); the areal density does not.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @symbol text  The element: Nd, Fe, ...
-- @edge text  Its edge: K, L3, ...
-- @edge_ev number (eV)  Tabulated energy of the edge.
-- @step number (OD)  Edge step of the mean spectrum over the pixels that DBSCAN labelled.
-- @step_error number (OD)  Standard error of the step.
-- @areal_g_cm2 number (g/cm2)  Areal density of the element, by the fit of tabulated attenuation, or by the step.
-- @areal_error_g_cm2 number (g/cm2)  Standard error of the areal density, from the fit alone.
-- @atomic_fraction number  Share of the fitted elements' atoms; null where none is there.
-- @atomic_fraction_error number  Standard error of the atomic fraction, from the fit alone; null where there is no fraction.
-- @method text  Where the areal density comes from: attenuation_fit or edge_step.
SELECT element.label AS cluster, element.symbol, element.edge, element.edge_ev, element.step,
  element.step_error, element.areal_g_cm2, element.areal_error_g_cm2, element.atomic_fraction,
  element.atomic_fraction_error, element.method
FROM run_overview_all AS run
JOIN cluster_element AS element ON element.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY element.label, element.edge_ev;
