-- Every parameter of a run, with its unit and whether it is the default.
--
-- :run text  The run's id.
SELECT parameter.name, parameter.text AS value, parameter.unit,
  CASE parameter.is_default WHEN 1 THEN 'default' ELSE 'set' END AS origin
FROM parameter
JOIN run ON run.parameters_id = parameter.parameters_id
WHERE run.run_id = :run
ORDER BY parameter.name;
