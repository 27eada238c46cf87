-- What a run found where a parameter said "auto", and other single numbers.
--
-- :run text  The run's id.
SELECT value.name, value.number AS value, value.unit
FROM result_value AS value
JOIN run_overview AS run ON run.result_id = value.result_id
WHERE run.run_id = :run
ORDER BY value.name;
