-- What a reader of a run's result should know.
--
-- :run text  The run's id.
SELECT warning.message
FROM result_warning AS warning
JOIN run_overview AS run ON run.result_id = warning.result_id
WHERE run.run_id = :run
ORDER BY warning.number;
