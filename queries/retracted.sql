-- The runs that do not count, and why.
--
-- @run_id text  The run that does not count.
-- @sample text  The sample; null where nobody said.
-- @subject_kind text  What was retracted: run, or scan for all runs of a scan.
-- @reason text  Why.
-- @author text  Who retracted it.
-- @recorded_at text  When it was retracted, UTC.
SELECT run.run_id, scan_sample.sample, retraction.subject_kind, retraction.reason, retraction.author,
  retraction.recorded_at
FROM retraction
JOIN run ON retraction.subject_kind = 'run' AND run.run_id = retraction.subject
  OR retraction.subject_kind = 'scan' AND run.scan_key = (
    SELECT scan_key FROM scan WHERE scan_id = retraction.subject)
JOIN scan ON scan.scan_key = run.scan_key
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id
ORDER BY retraction.recorded_at, run.run_id;
