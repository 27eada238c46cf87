-- The samples, with how many scans show each, how many runs count, and what is known of it.
SELECT sample.name AS sample,
  (SELECT count(*) FROM scan_sample WHERE scan_sample.sample = sample.name) AS scans,
  (SELECT count(*) FROM run_overview WHERE run_overview.sample = sample.name) AS runs,
  (SELECT group_concat(name || '=' || value, ', ')
   FROM (SELECT name, value FROM sample_attribute
         WHERE sample_attribute.sample = sample.name ORDER BY name)) AS attributes,
  sample.recorded_at
FROM sample
ORDER BY sample.name;
