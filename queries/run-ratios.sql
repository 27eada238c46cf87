-- Ratios of elements in a run's clusters, atoms to atoms, and what else says how far to trust them.
--
-- Where is_lower_bound is 1 there are less than three standard errors of the denominator. spread is that of the
-- cluster's scores in noise units: noise alone leaves 0.3. width_px is the cluster's mean width.
--
-- :run text  The run's id.
SELECT quality.label AS cluster, ratio.numerator, ratio.denominator, ratio.ratio,
  ratio.ratio_error, ratio.is_lower_bound, quality.thickness_um, quality.fit_residual_od,
  quality.spread, quality.width_px
FROM run_overview_all AS run
JOIN cluster_quality AS quality ON quality.result_key = run.result_key
LEFT JOIN cluster_ratio AS ratio
  ON ratio.result_key = quality.result_key AND ratio.label = quality.label
WHERE run.run_id = :run
ORDER BY quality.label, ratio.denominator;
