-- Every parameter of a run, with its unit and where its value came from.
--
-- :run text  The run's id.
-- @name text  The parameter, dotted, as in recipes.
-- @value text  Its value as asked; "auto" where the program chooses: see run-found.
-- @unit text  Its unit; empty where it has none.
-- @origin text  What gave the value: default, recipe, command line, or given where that is not known; of the first execution.
-- @source text  The recipe's name or file, or the option; null where it is the default, or not known.
SELECT name, text AS value, unit, origin, source
FROM parameter_overview
WHERE run_id = :run
ORDER BY name;
