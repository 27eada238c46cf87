-- The runs that count, with the outcome of each.
SELECT run_id, sample, scan_id, cluster_count AS clusters, analysed_pixels AS analysed,
  round(100.0 * noise_pixels / analysed_pixels, 2) AS noise_percent, recorded_at
FROM run_overview
ORDER BY recorded_at, run_id;
