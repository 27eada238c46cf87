-- The software and machines that computed a run.
--
-- :run text  The run's id.
-- @name text  What it is: lodestone, build_sha256, processor, ...
-- @value text  Its value.
-- @environment_id text  The environment that it belongs to.
SELECT DISTINCT item.name, item.text AS value, item.environment_id
FROM execution_overview AS execution
JOIN environment_overview AS item ON item.environment_id = execution.environment_id
WHERE execution.run_id = :run
ORDER BY item.environment_id, item.name;
