-- The remarks on runs, scans and samples.
--
-- @recorded_at text  When the remark was made, UTC.
-- @author text  Who made it.
-- @subject_kind text  What it is on: run, scan or sample.
-- @subject text  The id of the run or scan, or the sample's name.
-- @text text  The remark.
SELECT recorded_at, author, subject_kind, subject, text
FROM note
ORDER BY recorded_at, subject;
