-- Each cluster of each run, with the phase that fits it best, and how well.
--
-- An outcome is assigned, ambiguous (near the limit, or two phases fit alike) or none. With the pattern * clusters without a
-- phase are here too.
--
-- :phase text = *  Only phases whose names match this pattern (* and ? as in file names).
-- @phase text  The phase that fits best; null where none fits at all, or none was defined.
-- @outcome text  What was decided: assigned, ambiguous or none; null where nothing was, since no phase was defined.
-- @score number  How well the phase fits, 0 to 1, 0.5 is the limit; null where that is not known.
-- @margin number  How far it is ahead of the second best, none of the phases included; null where that is not known.
-- @second text  The phase that fits second best; null where that is none of them.
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @cluster integer  The cluster, 0 is the largest.
-- @share number  Pixels over all analysed pixels, noise included.
-- @nd_fraction number  Nd / (Nd + Fe) by atoms, by the fit of tabulated attenuation; null where not measured.
-- @definition_id text  The event that defines the phase; null where it was assigned by hand, or there is none.
-- @author text  Whose program or hand assigned it; null where nothing was decided.
-- @recorded_at text  When it was assigned, UTC; null where nothing was decided.
WITH run AS MATERIALIZED (
  SELECT result_key, run_id, result_id, sample, analysed_pixels FROM run_overview
),
decided AS MATERIALIZED (
  SELECT run.result_key, assignment.label, assignment.phase, assignment.outcome, assignment.score,
    assignment.margin, assignment.second, assignment.definition_id, assignment.author,
    assignment.recorded_at
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
)
SELECT decided.phase, decided.outcome, decided.score, decided.margin, decided.second, run.sample,
  run.run_id, cluster.label AS cluster, 1.0 * cluster.pixels / run.analysed_pixels AS share,
  nd.atomic_fraction AS nd_fraction, decided.definition_id, decided.author, decided.recorded_at
FROM run
CROSS JOIN cluster ON cluster.result_key = run.result_key
LEFT JOIN decided
  ON decided.result_key = cluster.result_key AND decided.label = cluster.label
LEFT JOIN cluster_element AS nd
  ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
WHERE coalesce(decided.phase, '') GLOB :phase
ORDER BY decided.phase IS NULL, decided.phase, decided.outcome DESC, run.sample, run.run_id,
  cluster.label;
