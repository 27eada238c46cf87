-- The mean spectrum of each cluster of each run, with its phase.
--
-- With the pattern * for the phase, clusters without a phase are here too.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
-- :phase text = *  Only phases whose names match this pattern.
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @cluster integer  The cluster, 0 is the largest.
-- @phase text  The phase that it belongs to; null where it is ambiguous, none fits, or none was defined.
-- @energy_ev number (eV)  The energy.
-- @mean_od number (OD)  Mean optical density over the pixels that DBSCAN labelled.
-- @sd_od number (OD)  Standard deviation of the optical density over these pixels.
-- @relative_spectrum number  The mean OD over its own mean over all energies, so that thickness drops out; null where that is 0.
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, result_id FROM run_overview
  WHERE coalesce(sample, '') GLOB :sample
),
assigned AS MATERIALIZED (
  SELECT run.result_key, assignment.label, assignment.phase
  FROM run CROSS JOIN phase_assignment AS assignment
  WHERE assignment.run_id = run.run_id AND assignment.result_id = run.result_id
    AND assignment.outcome = 'assigned'
),
chosen AS MATERIALIZED (
  SELECT run.sample, run.run_id, run.result_key, cluster.label, assigned.phase, (
      SELECT avg(mean_od) FROM cluster_spectrum AS spectrum
      WHERE spectrum.result_key = cluster.result_key AND spectrum.label = cluster.label) AS level_od
  FROM run
  CROSS JOIN cluster ON cluster.result_key = run.result_key
  LEFT JOIN assigned
    ON assigned.result_key = cluster.result_key AND assigned.label = cluster.label
  WHERE coalesce(assigned.phase, '') GLOB :phase
)
SELECT chosen.sample, chosen.run_id, chosen.label AS cluster, chosen.phase, frame.energy_ev,
  spectrum.mean_od, spectrum.sd_od, spectrum.mean_od / chosen.level_od AS relative_spectrum
FROM chosen
CROSS JOIN cluster_spectrum AS spectrum
  ON spectrum.result_key = chosen.result_key AND spectrum.label = chosen.label
CROSS JOIN result_frame AS frame
  ON frame.result_key = spectrum.result_key AND frame.number = spectrum.number
ORDER BY chosen.sample, chosen.run_id, chosen.label, spectrum.number;
