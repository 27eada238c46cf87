-- The names that people gave to runs.
--
-- @tag text  The name.
-- @run_id text  The run that it names.
-- @sample text  The sample; null where nobody said.
-- @retracted integer  Whether the run or its scan is retracted: 1 or 0.
-- @author text  Who gave the name.
-- @recorded_at text  When it was given, UTC.
SELECT tag.name AS tag, tag.run_id, scan_sample.sample,
  CASE WHEN run.run_key IS NOT NULL THEN EXISTS (
    SELECT 1 FROM retraction WHERE subject IN (run.run_id, scan.scan_id)) END AS retracted,
  tag.author, tag.recorded_at
FROM tag
LEFT JOIN run ON run.run_id = tag.run_id
LEFT JOIN scan ON scan.scan_key = run.scan_key
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id
ORDER BY tag.name, tag.run_id;
