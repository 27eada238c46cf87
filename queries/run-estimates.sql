-- Numbers of a run's clusters, with the standard errors that their variation over the sample leaves.
--
-- The errors come from leaving out one spatial block of the sample after the other (jackknife): they hold what varies from
-- place to place within the scan, and nothing that is the same everywhere. Results of before version 5 of the schema have none.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @quantity text  The quantity, its unit at the end of its name: share, layer_thickness_px, Nd.atomic_fraction, Fe-K.derivative_ev, ...
-- @value number  Its value for the whole cluster.
-- @error number  Its standard error; null where some block is all there is.
SELECT estimate.label AS cluster, estimate.quantity, estimate.value, estimate.error
FROM run_overview_all AS run
CROSS JOIN cluster_estimate AS estimate ON estimate.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY estimate.label, estimate.quantity;
