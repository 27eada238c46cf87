-- The remarks on runs, scans and samples.
SELECT recorded_at, author, subject_kind, subject, text
FROM note
ORDER BY recorded_at, subject;
