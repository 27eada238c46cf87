-- How much of each run a phase makes up, over time or over an attribute of the samples.
--
-- Over the date on which each scan was first stored, or over the value of the samples' attribute of a name: values that are
-- numbers come first, in their order. Runs whose sample has no such attribute are left out. A run in which no cluster
-- belongs to the phase has a share of 0, but only where its clusters were told apart since the phase was last defined.
-- The share counts noise among the analysed pixels.
--
-- :phase text = *  Only phases whose names match this pattern (* and ? as in file names).
-- :attribute text = date  The attribute of the samples, or date.
-- @phase text  The phase.
-- @x text  The date when the scan was first stored, UTC, or the attribute's value.
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @clusters integer  Clusters of the run that belong to the phase.
-- @ambiguous integer  Clusters of the run that the phase fits best, but too near the limit or hardly better than another; they are not in the next columns.
-- @pixels integer (px)  Pixels of the clusters that belong to it, with those that the flood added.
-- @share number  These over all analysed pixels of the run, noise included; null where no pixel was analysed.
-- @nd_fraction number  Nd / (Nd + Fe) by atoms: the areal densities of these clusters, by pixels; null where they were not both measured, or none is there.
-- @recorded_at text  When the run was first stored, UTC.
WITH run AS MATERIALIZED (
  SELECT result_key, run_id, result_id, sample, scan_id, analysed_pixels, recorded_at
  FROM run_overview
),
decided AS MATERIALIZED (
  SELECT run.result_key, assignment.phase, assignment.label, assignment.outcome,
    assignment.recorded_at
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
),
part AS MATERIALIZED (
  SELECT decided.result_key, decided.phase, sum(decided.outcome = 'assigned') AS clusters,
    sum(decided.outcome = 'ambiguous') AS ambiguous,
    sum(CASE decided.outcome WHEN 'assigned' THEN cluster.pixels ELSE 0 END) AS pixels,
    sum(CASE decided.outcome WHEN 'assigned' THEN cluster.pixels * max(nd.areal_mol_cm2, 0) END) AS nd,
    sum(CASE decided.outcome WHEN 'assigned'
      THEN cluster.pixels * (max(nd.areal_mol_cm2, 0) + max(fe.areal_mol_cm2, 0)) END) AS atoms
  FROM decided
  CROSS JOIN cluster
    ON cluster.result_key = decided.result_key AND cluster.label = decided.label
  LEFT JOIN cluster_element AS nd
    ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
  LEFT JOIN cluster_element AS fe
    ON fe.result_key = cluster.result_key AND fe.label = cluster.label AND fe.symbol = 'Fe'
  WHERE decided.phase GLOB :phase AND decided.outcome IN ('assigned', 'ambiguous')
  GROUP BY decided.result_key, decided.phase
),
known AS MATERIALIZED (
  SELECT phase, recorded_at FROM phase WHERE phase GLOB :phase
),
line AS (
  SELECT result_key, phase, clusters, ambiguous, pixels, nd, atoms FROM part
  UNION ALL
  SELECT searched.result_key, known.phase, 0, 0, 0, NULL, NULL
  FROM (SELECT result_key, max(recorded_at) AS recorded_at FROM decided GROUP BY result_key) AS searched
  CROSS JOIN known
  WHERE known.recorded_at <= searched.recorded_at AND NOT EXISTS (
    SELECT 1 FROM part
    WHERE part.result_key = searched.result_key AND part.phase = known.phase)
),
placed AS MATERIALIZED (
  -- The date of a scan is that of the first catalog that stored it, before they were merged.
  SELECT run.*, substr(stored.at, 1, 10) AS x, stored.at AS place, NULL AS number
  FROM run CROSS JOIN (
    SELECT scan.scan_id, min(scan.recorded_at, coalesce((
      SELECT min(recorded_at) FROM earlier_time
      WHERE kind = 'scan' AND id = scan.scan_id), scan.recorded_at)) AS at
    FROM scan) AS stored ON stored.scan_id = run.scan_id
  WHERE :attribute = 'date'
  UNION ALL
  SELECT run.*, attribute.value, attribute.value,
    CASE WHEN CAST(attribute.value AS NUMERIC) = attribute.value THEN CAST(attribute.value AS REAL) END
  FROM run CROSS JOIN sample_attribute AS attribute
  WHERE :attribute <> 'date' AND attribute.sample = run.sample AND attribute.name = :attribute
)
SELECT line.phase, placed.x, placed.sample, placed.run_id, line.clusters, line.ambiguous, line.pixels,
  1.0 * line.pixels / placed.analysed_pixels AS share, line.nd / line.atoms AS nd_fraction,
  placed.recorded_at
FROM placed
JOIN line ON line.result_key = placed.result_key
ORDER BY line.phase, placed.number IS NULL, placed.number, placed.place, placed.sample,
  placed.recorded_at, placed.run_id;
