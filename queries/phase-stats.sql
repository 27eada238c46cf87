-- Each cluster of each run: how much of the analysed area it covers, and what it is made of.
--
-- The share counts noise among the analysed pixels. The Nd fraction is Nd / (Nd + Fe) by atoms.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, analysed_pixels FROM run_overview
  WHERE coalesce(sample, '') GLOB :sample
)
SELECT run.sample, run.run_id, cluster.label AS cluster, cluster.pixels,
  1.0 * cluster.pixels / run.analysed_pixels AS share, cluster.area_um2,
  nd.atomic_fraction AS nd_fraction, nd.atomic_fraction_error AS nd_fraction_error,
  nd.areal_g_cm2 AS nd_areal_g_cm2, fe.areal_g_cm2 AS fe_areal_g_cm2
FROM run
CROSS JOIN cluster ON cluster.result_key = run.result_key
LEFT JOIN cluster_element AS nd
  ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_key = cluster.result_key AND fe.label = cluster.label AND fe.symbol = 'Fe'
ORDER BY run.sample, run.run_id, cluster.label;
