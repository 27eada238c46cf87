-- Ratios of elements in a run's clusters, atoms to atoms, and what else says how far to trust them.
--
-- Where is_lower_bound is 1 there are less than three standard errors of the denominator. spread is that of the
-- cluster's scores in noise units: noise alone leaves 0.3. width_px is the cluster's mean width.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @numerator text  The element above: Nd, ...; null where no ratio was measured.
-- @denominator text  The element below: Fe, ...; null where no ratio was measured.
-- @ratio number  Atoms of the one to atoms of the other, or a lower bound; null where it was not measured.
-- @ratio_error number  Standard error of the ratio, from the fit alone; null for a bound.
-- @is_lower_bound integer  Whether the ratio is a lower bound: 1 or 0; null where it was not measured.
-- @thickness_um number (um)  Thickness of the elements fitted, by their density; null where that is not known.
-- @fit_residual_od number (OD)  What the fit of tabulated attenuation leaves, root mean square; null where there was none.
-- @spread number  Standard deviation of the cluster's scores along the direction of most, by quantiles, in noise units: noise alone leaves 0.3.
-- @width_px number (px)  The cluster's mean width: that of a strip of its area and perimeter.
SELECT quality.label AS cluster, ratio.numerator, ratio.denominator, ratio.ratio,
  ratio.ratio_error, ratio.is_lower_bound, quality.thickness_um, quality.fit_residual_od,
  quality.spread, quality.width_px
FROM run_overview_all AS run
JOIN cluster_quality AS quality ON quality.result_key = run.result_key
LEFT JOIN cluster_ratio AS ratio
  ON ratio.result_key = quality.result_key AND ratio.label = quality.label
WHERE run.run_id = :run
ORDER BY quality.label, ratio.denominator;
