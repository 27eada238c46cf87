-- What a reader of a run's result should know.
--
-- :run text  The run's id.
-- @message text  What a reader of the result should know, in one line.
SELECT warning.message
FROM run_overview_all AS run
JOIN result_warning AS warning ON warning.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY warning.number;
