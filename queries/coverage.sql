-- The scans that have no run that counts with a parameter set, and why the last attempt failed.
--
-- Retracted scans are left out: none of their runs counts.
--
-- :parameters text = newest  How the id of the parameter set begins, or newest for that of the newest run.
-- @scan_id text  The scan.
-- @sample text  The sample that it shows; null where nobody said.
-- @path text  The newest of the places where its frames were seen; null where none is known.
-- @energy_count integer  How many energies.
-- @runs integer  Runs of the scan that count, with other parameter sets.
-- @failure text  Why the last failure with this parameter set failed; null where none did: it was never tried, or is retracted.
-- @parameters_id text  The parameter set.
WITH chosen AS MATERIALIZED (
  SELECT parameters_key, parameters_id FROM parameter_set
  WHERE CASE :parameters WHEN 'newest' THEN parameters_key = (
      SELECT parameters_key FROM run ORDER BY recorded_at DESC, run_key DESC LIMIT 1)
    ELSE parameters_id GLOB :parameters || '*' END
),
counted AS MATERIALIZED (
  SELECT scan_id, parameters_id, count(*) AS runs FROM run_overview GROUP BY scan_id, parameters_id
),
missing AS MATERIALIZED (
  SELECT scan.scan_key, scan.scan_id, chosen.parameters_key, chosen.parameters_id
  FROM scan CROSS JOIN chosen
  WHERE NOT EXISTS (
      SELECT 1 FROM counted
      WHERE counted.scan_id = scan.scan_id AND counted.parameters_id = chosen.parameters_id)
    AND NOT EXISTS (SELECT 1 FROM retraction WHERE retraction.subject = scan.scan_id)
)
SELECT missing.scan_id, scan.sample, scan.path, scan.energy_count, coalesce((
    SELECT sum(runs) FROM counted WHERE counted.scan_id = missing.scan_id), 0) AS runs, (
    SELECT execution.failure FROM run
    CROSS JOIN execution ON execution.run_key = run.run_key
    WHERE run.scan_key = missing.scan_key AND run.parameters_key = missing.parameters_key
      AND execution.failure IS NOT NULL
    ORDER BY execution.finished_at DESC, execution.execution_id DESC LIMIT 1) AS failure,
  missing.parameters_id
FROM missing
CROSS JOIN scan_overview AS scan ON scan.scan_id = missing.scan_id
ORDER BY scan.sample, missing.scan_id, missing.parameters_id;
