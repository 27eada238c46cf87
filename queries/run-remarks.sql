-- What people said of a run or its scan: tags, notes, retractions.
--
-- :run text  The run's id.
SELECT event.recorded_at, event.author, event.kind, event.subject_kind, event.name, event.value
FROM run
JOIN scan ON scan.scan_key = run.scan_key
JOIN event ON event.subject IN (run.run_id, scan.scan_id)
WHERE run.run_id = :run AND event.kind <> 'sample.assign'
ORDER BY event.recorded_at, event.event_id;
