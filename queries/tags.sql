-- The names that people gave to runs.
SELECT tag.name AS tag, tag.run_id, run.sample, run.is_retracted AS retracted, tag.author,
  tag.recorded_at
FROM tag
LEFT JOIN run_reproducibility AS run ON run.run_id = tag.run_id
ORDER BY tag.name, tag.run_id;
