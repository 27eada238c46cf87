-- Every run: how often it was computed, in how many environments, and how many distinct results came out.
--
-- last_grade is that of the last lodestone verify: identical, same labels, within tolerance, different.
-- Retracted runs are here too, and marked.
SELECT run_id, sample, executions, failures, verifications, environments, results, last_grade,
  is_retracted AS retracted, recorded_at
FROM run_reproducibility
ORDER BY recorded_at, run_id;
