-- The names that people gave to runs.
--
-- @tag text  The name.
-- @run_id text  The run that it names.
-- @sample text  The sample; null where nobody said.
-- @retracted integer  Whether the run or its scan is retracted: 1 or 0.
-- @author text  Who gave the name.
-- @recorded_at text  When it was given, UTC.
SELECT tag.name AS tag, tag.run_id, run.sample, run.is_retracted AS retracted, tag.author,
  tag.recorded_at
FROM tag
LEFT JOIN run_reproducibility AS run ON run.run_id = tag.run_id
ORDER BY tag.name, tag.run_id;
