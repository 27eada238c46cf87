-- Each time that a run was computed: what for, and what came out.
--
-- :run text  The run's id.
-- @execution_id text  The execution.
-- @purpose text  What it was for: ingest or verify.
-- @outcome text  What came of it: result or failed.
-- @grade text  How a verification agrees with the stored result: identical, same labels, within tolerance or different; null elsewhere.
-- @failure text  Why it failed; null where it did not.
-- @started_at text  When it began, UTC.
-- @finished_at text  When it ended, UTC.
-- @host text  The machine's name.
-- @result_id text  The result that came out; null where it failed.
-- @environment_id text  The software and machine.
-- @command text  The command line.
SELECT execution_id, purpose, outcome, grade, failure, started_at, finished_at, host, result_id,
  environment_id, command
FROM execution_overview
WHERE run_id = :run
ORDER BY started_at, execution_id;
