-- How many clusters DBSCAN finds in a run at the radius that was used, and at others.
--
-- :run text  The run's id.
-- @radius number  The radius, in noise units.
-- @cluster_count integer  Clusters that are not too small to be kept.
-- @noise_pixels integer (px)  Eligible pixels in none of them.
-- @is_used integer  Whether this radius made the result: 1 or 0.
SELECT radius.radius, radius.cluster_count, radius.noise_pixels, radius.is_used
FROM run_overview_all AS run
JOIN result_radius AS radius ON radius.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY radius.number;
