-- The phases of a run's clusters: which fits each best, how well, and who said so.
--
-- An outcome is assigned, ambiguous (near the limit, or two phases fit alike) or none. It is the last word on the run.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @phase text  The phase that fits best; null where none fits at all.
-- @outcome text  What was decided: assigned, ambiguous or none.
-- @score number  How well the phase fits, 0 to 1, 0.5 is the limit; null where that is not known.
-- @margin number  How far it is ahead of the second best, none of the phases included; null where that is not known.
-- @second text  The phase that fits second best; null where that is none of them.
-- @definition_id text  The event that defines the phase; null where it was assigned by hand, or there is none.
-- @event_id text  The event that says so.
-- @author text  Whose program or hand assigned it.
-- @recorded_at text  When, UTC.
SELECT assignment.label AS cluster, assignment.phase, assignment.outcome, assignment.score,
  assignment.margin, assignment.second, assignment.definition_id, assignment.event_id,
  assignment.author, assignment.recorded_at
FROM run_overview_all AS run
CROSS JOIN phase_assignment AS assignment
WHERE run.run_id = :run AND assignment.run_id = :run AND assignment.result_id = run.result_id
ORDER BY assignment.label;
