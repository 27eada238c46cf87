-- Each cluster of each run: its phase, its share of the analysed area, and what it is made of.
--
-- The share counts noise among the analysed pixels. The Nd fraction is Nd / (Nd + Fe) by atoms.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @cluster integer  The cluster, 0 is the largest.
-- @phase text  The phase that it belongs to; null where it is ambiguous, none fits, or none was defined.
-- @pixels integer (px)  Pixels of the cluster, with those that the flood added.
-- @share number  Pixels over all analysed pixels, noise included.
-- @area_um2 number (um2)  Pixels times the area of one; null where the pixel size is not known.
-- @nd_fraction number  Nd / (Nd + Fe) by atoms, by the fit of tabulated attenuation; null where not measured.
-- @nd_fraction_error number  Standard error of nd_fraction, from the fit alone; null where not measured.
-- @nd_areal_g_cm2 number (g/cm2)  Areal density of Nd; null where not measured.
-- @fe_areal_g_cm2 number (g/cm2)  Areal density of Fe; null where not measured.
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, result_id, analysed_pixels FROM run_overview
  WHERE coalesce(sample, '') GLOB :sample
),
assigned AS MATERIALIZED (
  SELECT run.result_key, assignment.label, assignment.phase
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
    AND assignment.outcome = 'assigned'
)
SELECT run.sample, run.run_id, cluster.label AS cluster, assigned.phase, cluster.pixels,
  1.0 * cluster.pixels / run.analysed_pixels AS share, cluster.area_um2,
  nd.atomic_fraction AS nd_fraction, nd.atomic_fraction_error AS nd_fraction_error,
  nd.areal_g_cm2 AS nd_areal_g_cm2, fe.areal_g_cm2 AS fe_areal_g_cm2
FROM run
CROSS JOIN cluster ON cluster.result_key = run.result_key
LEFT JOIN assigned
  ON assigned.result_key = cluster.result_key AND assigned.label = cluster.label
LEFT JOIN cluster_element AS nd
  ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_key = cluster.result_key AND fe.label = cluster.label AND fe.symbol = 'Fe'
ORDER BY run.sample, run.run_id, cluster.label;
