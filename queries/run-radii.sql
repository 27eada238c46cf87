-- How many clusters DBSCAN finds in a run at the radius that was used, and at others.
--
-- :run text  The run's id.
SELECT radius.radius, radius.cluster_count, radius.noise_pixels, radius.is_used
FROM run_overview_all AS run
JOIN result_radius AS radius ON radius.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY radius.number;
