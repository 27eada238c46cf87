-- How often each run was computed, in how many environments, and how many distinct results came out.
--
-- last_grade is that of the last lodestone verify: identical, same labels, within tolerance, different.
-- Retracted runs are here too, and marked.
--
-- @run_id text  The run.
-- @sample text  The sample; null where nobody said.
-- @executions integer  Times that it was computed.
-- @failures integer  Executions that failed.
-- @verifications integer  Executions that were verifications.
-- @environments integer  Different combinations of software and machine that computed it.
-- @results integer  Distinct results that came out.
-- @last_grade text  Grade of the last verification: identical, same labels, within tolerance or different; null where there was none.
-- @retracted integer  Whether the run or its scan is retracted: 1 or 0.
-- @recorded_at text  When the run was first stored, UTC.
SELECT run_id, sample, executions, failures, verifications, environments, results, last_grade,
  is_retracted AS retracted, recorded_at
FROM run_reproducibility
ORDER BY recorded_at, run_id;
