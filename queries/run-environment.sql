-- The software and machines that computed a run.
--
-- :run text  The run's id.
SELECT DISTINCT item.name, item.text AS value, item.environment_id
FROM environment_item AS item
JOIN execution ON execution.environment_id = item.environment_id
WHERE execution.run_id = :run
ORDER BY item.environment_id, item.name;
