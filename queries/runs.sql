-- The runs that count, with the outcome of each.
--
-- @run_id text  The run.
-- @sample text  The sample; null where nobody said.
-- @scan_id text  The scan.
-- @clusters integer  How many clusters.
-- @analysed integer (px)  Pixels of the sample that were measured at every energy.
-- @noise_percent number (%)  Share of these that is in no cluster, to two digits; null where no pixel was analysed.
-- @recorded_at text  When the run was first stored, UTC.
SELECT run_id, sample, scan_id, cluster_count AS clusters, analysed_pixels AS analysed,
  round(100.0 * noise_pixels / analysed_pixels, 2) AS noise_percent, recorded_at
FROM run_overview
ORDER BY recorded_at, run_id;
