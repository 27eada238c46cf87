-- What the runs of each scan find with each value of one parameter.
--
-- Other parameters of these runs may differ too: others says how many do, against that run of the scan in which the fewest
-- of them are set. Versions of the pipeline are not compared.
--
-- :parameter text = dbscan.radius  The parameter, dotted, as in recipes.
-- :scan text = *  Only scans whose ids match this pattern (* and ? as in file names).
-- @scan_id text  The scan.
-- @sample text  The sample that it shows; null where nobody said.
-- @value text  The parameter's value as asked; "auto" where the program chooses.
-- @number number  The value as a number, of an automatic one what was found; null where it is none, or what was found is not known.
-- @run_id text  The run.
-- @clusters integer  How many clusters it found.
-- @noise_share number  Share of the analysed pixels that is in no cluster; null where no pixel was analysed.
-- @share_0 number  Share of the analysed pixels that is in the largest cluster; null where there is none.
-- @share_1 number  Share that is in the second largest cluster; null where there is none.
-- @share_2 number  Share that is in the third largest cluster; null where there is none.
-- @eligible_pixels integer (px)  Pixels that DBSCAN ran on.
-- @others integer  How many other parameters differ from those of the run of this scan in which the fewest are set.
WITH run AS MATERIALIZED (
  SELECT run.scan_id, run.sample, run.run_id, run.result_key, run.cluster_count,
    run.analysed_pixels, run.noise_pixels, run.eligible_pixels, run.recorded_at,
    parameter_set.parameters_key, parameter.text, parameter.number
  FROM run_overview AS run
  CROSS JOIN parameter_set ON parameter_set.parameters_id = run.parameters_id
  CROSS JOIN parameter
    ON parameter.parameters_key = parameter_set.parameters_key AND parameter.name = :parameter
  WHERE run.scan_id GLOB :scan
),
set_count AS MATERIALIZED (
  SELECT used.parameters_key, count(parameter.name) AS count
  FROM (SELECT DISTINCT parameters_key FROM run) AS used
  LEFT JOIN parameter
    ON parameter.parameters_key = used.parameters_key AND NOT parameter.is_default
    AND parameter.name <> :parameter
  GROUP BY used.parameters_key
),
base AS MATERIALIZED (
  -- Of each scan the run with the fewest other parameters set, and of these the first: the columns beside min() are of its row.
  SELECT scan_id, parameters_key,
    min(printf('%08d %s %s', set_count.count, run.recorded_at, run.run_id)) AS first
  FROM run JOIN set_count USING (parameters_key)
  GROUP BY scan_id
),
pair AS MATERIALIZED (
  SELECT DISTINCT run.parameters_key, base.parameters_key AS base_key
  FROM run JOIN base ON base.scan_id = run.scan_id
),
difference AS MATERIALIZED (
  SELECT pair.parameters_key, pair.base_key, (
      SELECT count(*) FROM parameter AS own
      CROSS JOIN parameter AS other
        ON other.parameters_key = pair.base_key AND other.name = own.name
      WHERE own.parameters_key = pair.parameters_key AND own.name <> :parameter
        AND own.text <> other.text) AS others
  FROM pair
)
SELECT run.scan_id, run.sample, run.text AS value, coalesce(run.number, found.number) AS number,
  run.run_id, run.cluster_count AS clusters, 1.0 * run.noise_pixels / run.analysed_pixels AS noise_share,
  1.0 * first.pixels / run.analysed_pixels AS share_0,
  1.0 * second.pixels / run.analysed_pixels AS share_1,
  1.0 * third.pixels / run.analysed_pixels AS share_2, run.eligible_pixels, difference.others
FROM run
CROSS JOIN base ON base.scan_id = run.scan_id
CROSS JOIN difference
  ON difference.parameters_key = run.parameters_key AND difference.base_key = base.parameters_key
LEFT JOIN result_value AS found ON found.result_key = run.result_key AND found.name = :parameter
LEFT JOIN cluster AS first ON first.result_key = run.result_key AND first.label = 0
LEFT JOIN cluster AS second ON second.result_key = run.result_key AND second.label = 1
LEFT JOIN cluster AS third ON third.result_key = run.result_key AND third.label = 2
ORDER BY run.scan_id, coalesce(run.number, found.number), run.text, run.recorded_at, run.run_id;
