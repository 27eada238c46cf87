-- The phases that are defined, and how many clusters and samples each has.
--
-- Only runs that count are counted, each with the last word on its clusters.
--
-- @phase text  The phase.
-- @meaning text  What it is, in words; null where nobody said.
-- @clusters integer  Clusters that belong to it.
-- @runs integer  Runs with such a cluster.
-- @samples integer  Samples with such a cluster.
-- @ambiguous integer  Clusters that lie near its limit, or that it fits hardly better or worse than another phase.
-- @definition_id text  The event that defines it.
-- @author text  Who defined it.
-- @recorded_at text  When it was defined, UTC.
WITH run AS MATERIALIZED (
  SELECT run_id, result_id, sample FROM run_overview
),
part AS MATERIALIZED (
  SELECT run.run_id, run.sample, assignment.phase, assignment.second, assignment.outcome
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
),
counted AS MATERIALIZED (
  SELECT phase, sum(outcome = 'assigned') AS clusters,
    count(DISTINCT CASE outcome WHEN 'assigned' THEN run_id END) AS runs,
    count(DISTINCT CASE outcome WHEN 'assigned' THEN sample END) AS samples,
    sum(outcome = 'ambiguous') AS ambiguous
  FROM (
    SELECT run_id, sample, phase, outcome FROM part
    UNION ALL SELECT run_id, sample, second, outcome FROM part WHERE outcome = 'ambiguous')
  GROUP BY phase
)
SELECT phase.phase, phase.meaning, coalesce(counted.clusters, 0) AS clusters,
  coalesce(counted.runs, 0) AS runs, coalesce(counted.samples, 0) AS samples,
  coalesce(counted.ambiguous, 0) AS ambiguous, phase.definition_id, phase.author, phase.recorded_at
FROM phase
LEFT JOIN counted ON counted.phase = phase.phase
ORDER BY phase.phase;
