-- The files in which a run's scan was seen.
--
-- :run text  The run's id.
-- @role text  What the file holds: frames, reference, dark or energies.
-- @sha256 text  SHA-256 of the whole file, as sha256sum prints it.
-- @bytes integer (bytes)  The file's size.
-- @seen_at text  When it was first seen there, UTC.
-- @path text  Where it was seen.
SELECT file.role, file.sha256, file.bytes, file.seen_at, file.path
FROM run
JOIN source_file AS file ON file.scan_key = run.scan_key
WHERE run.run_id = :run
ORDER BY file.seen_at, CASE file.role WHEN 'frames' THEN 0 ELSE 1 END, file.path;
