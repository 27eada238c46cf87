-- The version of each stage of a run's pipeline.
--
-- :run text  The run's id.
-- @stage text  The stage.
-- @version integer  Its version, which is raised when its numbers change.
SELECT stage, version FROM stage_overview WHERE run_id = :run ORDER BY stage;
