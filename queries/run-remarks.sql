-- What people said of a run or its scan: tags, notes, retractions.
--
-- :run text  The run's id.
-- @recorded_at text  When it was said, UTC.
-- @author text  Who said it.
-- @kind text  What it says: tag.add, tag.remove, note, retract or retract.undo.
-- @subject_kind text  What it is said of: run or scan.
-- @name text  The name of a tag; null elsewhere.
-- @value text  The remark or the reason; null where there is none.
SELECT event.recorded_at, event.author, event.kind, event.subject_kind, event.name, event.value
FROM run
JOIN scan ON scan.scan_key = run.scan_key
JOIN event ON event.subject IN (run.run_id, scan.scan_id)
WHERE run.run_id = :run AND event.kind NOT IN ('sample.assign', 'phase.assign')
ORDER BY event.recorded_at, event.event_id;
