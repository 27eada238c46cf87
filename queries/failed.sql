-- The executions that failed, and why.
--
-- @finished_at text  When the execution ended, UTC.
-- @purpose text  What it was for: ingest or verify.
-- @run_id text  The run.
-- @sample text  The sample that the run's scan shows; null where nobody said.
-- @failure text  Why it failed.
SELECT execution.finished_at, execution.purpose, execution.run_id, scan_sample.sample,
  execution.failure
FROM execution_overview AS execution
JOIN run ON run.run_id = execution.run_id
JOIN scan ON scan.scan_key = run.scan_key
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id
WHERE execution.outcome = 'failed'
ORDER BY execution.finished_at, execution.execution_id;
