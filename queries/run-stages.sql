-- The version of each stage of a run's pipeline.
--
-- :run text  The run's id.
SELECT stage, version FROM stage_overview WHERE run_id = :run ORDER BY stage;
