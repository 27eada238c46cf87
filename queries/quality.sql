-- How good each run is: noise, drift, what was altered, and how uniform its clusters are.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @clusters integer  How many clusters.
-- @noise_unit number  Median noise of the pixels' spectra, as a share of their mean OD; null where not known.
-- @noise_share number  Share of the analysed pixels that is in no cluster; null where no pixel was analysed.
-- @masked_share number  Share of the frame that was not analysed: empty, or not measured at every energy.
-- @altered_values integer  Pixel values that were replaced, summed over the frames.
-- @drift_px number (px)  The largest distance of a frame from the one of lowest energy.
-- @worst_residual number  The largest share of a frame's variance that the other frames do not explain once they are registered; null where drift was not measured.
-- @largest_spread number  The largest spread of a cluster's scores, in noise units: noise alone leaves 0.3, a continuum or two phases in one far more; null where not known.
-- @smallest_findable_pixels integer (px)  A smaller phase is not found.
-- @warnings integer  Warnings to the reader: see run-warnings.
-- @recorded_at text  When the run was first stored, UTC.
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, cluster_count, noise_pixels, analysed_pixels, total_pixels,
    altered_values, smallest_findable_pixels, recorded_at
  FROM run_overview WHERE coalesce(sample, '') GLOB :sample
),
drift AS MATERIALIZED (
  SELECT run.result_key, sqrt(max(frame.drift_dy_px * frame.drift_dy_px
      + frame.drift_dx_px * frame.drift_dx_px)) AS px, max(frame.residual) AS residual
  FROM run CROSS JOIN result_frame AS frame ON frame.result_key = run.result_key
  GROUP BY run.result_key
)
SELECT run.sample, run.run_id, run.cluster_count AS clusters, noise.number AS noise_unit,
  1.0 * run.noise_pixels / run.analysed_pixels AS noise_share,
  1 - 1.0 * run.analysed_pixels / run.total_pixels AS masked_share, run.altered_values,
  drift.px AS drift_px, drift.residual AS worst_residual, (
    SELECT max(quality.spread) FROM cluster_quality AS quality
    WHERE quality.result_key = run.result_key) AS largest_spread,
  run.smallest_findable_pixels, (
    SELECT count(*) FROM result_warning AS warning
    WHERE warning.result_key = run.result_key) AS warnings, run.recorded_at
FROM run
LEFT JOIN drift ON drift.result_key = run.result_key
LEFT JOIN result_value AS noise
  ON noise.result_key = run.result_key AND noise.name = 'features.noise_unit'
ORDER BY run.sample, run.recorded_at, run.run_id;
