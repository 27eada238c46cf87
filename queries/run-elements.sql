-- The elements of a run's clusters: edge steps (OD), areal densities, atomic fractions.
--
-- The step at Fe K (7112 eV) holds that of Nd L1 (7126 eV); the areal density does not.
--
-- :run text  The run's id.
SELECT element.label AS cluster, element.symbol, element.edge, element.edge_ev, element.step,
  element.step_error, element.areal_g_cm2, element.areal_error_g_cm2, element.atomic_fraction,
  element.atomic_fraction_error, element.method
FROM run_overview_all AS run
JOIN cluster_element AS element ON element.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY element.label, element.edge_ev;
