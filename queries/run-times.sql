-- How long the stages of each execution of a run took.
--
-- A stage whose values were kept from an earlier run takes next to nothing.
--
-- :run text  The run's id.
-- @execution_id text  The execution.
-- @purpose text  What it was for: ingest or verify.
-- @started_at text  When it began, UTC.
-- @stage text  The stage; where the execution failed, the last is the one that did.
-- @seconds number (s)  How long it took.
SELECT execution.execution_id, execution.purpose, execution.started_at, stage.stage, stage.seconds
FROM run
JOIN execution ON execution.run_key = run.run_key
JOIN execution_stage AS stage ON stage.execution_key = execution.execution_key
WHERE run.run_id = :run
ORDER BY execution.started_at, execution.execution_id, stage.number;
