-- The phases that are defined, and how many clusters and samples each has.
--
-- Only runs that count are counted, each with the last word on its clusters.
--
-- @phase text  The phase.
-- @meaning text  What it is, in words; null where nobody said.
-- @clusters integer  Clusters that belong to it.
-- @runs integer  Runs with such a cluster.
-- @samples integer  Samples with such a cluster.
-- @ambiguous integer  Clusters that it fits best, but too near the limit or hardly better than another phase.
-- @definition_id text  The event that defines it.
-- @author text  Who defined it.
-- @recorded_at text  When it was defined, UTC.
WITH run AS MATERIALIZED (
  SELECT run_id, result_id, sample FROM run_overview
),
counted AS MATERIALIZED (
  SELECT assignment.phase, sum(assignment.outcome = 'assigned') AS clusters,
    count(DISTINCT CASE assignment.outcome WHEN 'assigned' THEN run.run_id END) AS runs,
    count(DISTINCT CASE assignment.outcome WHEN 'assigned' THEN run.sample END) AS samples,
    sum(assignment.outcome = 'ambiguous') AS ambiguous
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
  GROUP BY assignment.phase
)
SELECT phase.phase, phase.meaning, coalesce(counted.clusters, 0) AS clusters,
  coalesce(counted.runs, 0) AS runs, coalesce(counted.samples, 0) AS samples,
  coalesce(counted.ambiguous, 0) AS ambiguous, phase.definition_id, phase.author, phase.recorded_at
FROM phase
LEFT JOIN counted ON counted.phase = phase.phase
ORDER BY phase.phase;
