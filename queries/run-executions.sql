-- Each time that a run was computed.
--
-- :run text  The run's id.
SELECT execution.execution_id, execution.started_at, execution.finished_at, execution.host,
  execution.result_id, execution.environment_id, execution.command
FROM execution
WHERE execution.run_id = :run
ORDER BY execution.started_at, execution.execution_id;
