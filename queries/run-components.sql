-- The principal components of a run: how much each varies, and which are features.
--
-- :run text  The run's id.
-- @number integer  The component, from 1, the largest variance first.
-- @variance number  Its variance, in squared units of the normalised spectra.
-- @is_used integer  Whether its scores are features: 1 or 0.
SELECT component.number, component.variance, component.is_used
FROM run_overview_all AS run
CROSS JOIN result_component AS component ON component.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY component.number;
