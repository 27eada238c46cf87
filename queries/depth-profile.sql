-- What lies at each depth of each run: clusters, phases and noise.
--
-- Depth is the distance to the nearest empty field: in a section that is depth below the sample's surface, in a
-- projection the distance to the rim, where every pixel also holds what lies behind. Depths are kept in bins of half a
-- pixel: a bin counts by its middle. Runs without a pixel size or without empty field have no depth and are left out.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
-- :step_um number (um) = 0.1  The thickness of a step, above 0.
-- :deepest_um number (um) = 2  The largest depth that is shown.
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @geometry text  What depth means: section (below the surface) or projection (distance to the rim).
-- @cluster integer  The cluster, 0 is the largest; -1 is noise.
-- @phase text  The phase that the cluster belongs to; null where it is ambiguous, none fits, or none was defined.
-- @depth_um number (um)  Depth at which the step begins.
-- @pixels integer (px)  Pixels of the cluster in the step.
-- @share number  Their share of all analysed pixels of the run in the step, noise included.
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, result_id, geometry, depth_bin_px * pixel_size_um AS bin_um
  FROM run_overview
  WHERE pixel_size_um IS NOT NULL AND coalesce(sample, '') GLOB :sample AND :step_um > 0
),
assigned AS MATERIALIZED (
  SELECT run.result_key, assignment.label, assignment.phase
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
    AND assignment.outcome = 'assigned'
),
part AS MATERIALIZED (
  -- Divisions round: bins are read to one beyond the deepest and then compared, and a step begins a billionth early.
  SELECT run.result_key, run.label,
    CAST((depth.bin + 0.5) * run.bin_um / :step_um + 1e-9 AS INTEGER) AS step,
    sum(depth.pixels) AS pixels
  FROM (
    SELECT run.result_key, run.bin_um, cluster.label
    FROM run CROSS JOIN cluster ON cluster.result_key = run.result_key
    UNION ALL SELECT result_key, bin_um, -1 FROM run) AS run
  CROSS JOIN cluster_depth AS depth
    ON depth.result_key = run.result_key AND depth.label = run.label
    AND depth.bin <= :deepest_um / run.bin_um + 1
  WHERE (depth.bin + 0.5) * run.bin_um <= :deepest_um
  GROUP BY run.result_key, run.label, step
),
total AS MATERIALIZED (
  SELECT result_key, step, sum(pixels) AS pixels FROM part GROUP BY result_key, step
)
SELECT run.sample, run.run_id, run.geometry, part.label AS cluster, assigned.phase,
  round(part.step * :step_um, 9) AS depth_um, part.pixels,
  1.0 * part.pixels / total.pixels AS share
FROM part
CROSS JOIN total ON total.result_key = part.result_key AND total.step = part.step
CROSS JOIN run ON run.result_key = part.result_key
LEFT JOIN assigned ON assigned.result_key = part.result_key AND assigned.label = part.label
ORDER BY run.sample, run.run_id, part.step, part.label < 0, part.label;
