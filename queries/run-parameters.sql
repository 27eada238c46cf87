-- Every parameter of a run, with its unit and whether it is the default.
--
-- :run text  The run's id.
SELECT name, text AS value, unit, CASE is_default WHEN 1 THEN 'default' ELSE 'set' END AS origin
FROM parameter_overview
WHERE run_id = :run
ORDER BY name;
