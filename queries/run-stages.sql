-- The version of each stage of a run's pipeline.
--
-- :run text  The run's id.
SELECT stage, version FROM run_stage WHERE run_id = :run ORDER BY stage;
