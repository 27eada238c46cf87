-- Each time that a run was computed: what for, and what came out.
--
-- :run text  The run's id.
SELECT execution_id, purpose, outcome, grade, failure, started_at, finished_at, host, result_id,
  environment_id, command
FROM execution_overview
WHERE run_id = :run
ORDER BY started_at, execution_id;
