-- What a run found where a parameter said "auto", and other single numbers.
--
-- :run text  The run's id.
-- @name text  The name of the parameter, or of the number.
-- @value number  What was found where the parameter said auto, or another single number of the run.
-- @unit text  Its unit.
SELECT value.name, value.number AS value, value.unit
FROM run_overview_all AS run
JOIN result_value AS value ON value.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY value.name;
