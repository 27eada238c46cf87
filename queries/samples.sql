-- The samples, with how many scans and runs show each.
SELECT sample.name AS sample, count(DISTINCT scan_sample.scan_id) AS scans,
  count(DISTINCT run.run_id) AS runs, sample.recorded_at
FROM sample
LEFT JOIN scan_sample ON scan_sample.sample = sample.name
LEFT JOIN run ON run.scan_id = scan_sample.scan_id
GROUP BY sample.name
ORDER BY sample.name;
