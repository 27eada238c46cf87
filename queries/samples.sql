-- The samples, with how many scans show each, how many runs count, and what is known of it.
--
-- @sample text  The sample.
-- @scans integer  Scans that show it.
-- @runs integer  Runs of these scans that count.
-- @attributes text  What is known of it, as name=value; null where nothing is.
-- @recorded_at text  When the sample was first named, UTC.
SELECT sample.name AS sample, coalesce(scanned.scans, 0) AS scans, coalesce(counted.runs, 0) AS runs,
  (SELECT group_concat(name || '=' || value, ', ')
   FROM (SELECT name, value FROM sample_attribute
         WHERE sample_attribute.sample = sample.name ORDER BY name)) AS attributes,
  sample.recorded_at
FROM sample
LEFT JOIN (SELECT sample, count(*) AS scans FROM scan_sample GROUP BY sample) AS scanned
  ON scanned.sample = sample.name
LEFT JOIN (SELECT sample, count(*) AS runs FROM run_overview GROUP BY sample) AS counted
  ON counted.sample = sample.name
ORDER BY sample.name;
