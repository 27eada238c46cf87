-- The mean spectrum (OD) of each cluster of a run, and its standard deviation.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @energy_ev number (eV)  The energy.
-- @mean_od number (OD)  Mean optical density over the pixels that DBSCAN labelled.
-- @sd_od number (OD)  Standard deviation of the optical density over these pixels.
SELECT spectrum.label AS cluster, frame.energy_ev, spectrum.mean_od, spectrum.sd_od
FROM run_overview_all AS run
JOIN cluster_spectrum AS spectrum ON spectrum.result_key = run.result_key
JOIN result_frame AS frame
  ON frame.result_key = spectrum.result_key AND frame.number = spectrum.number
WHERE run.run_id = :run
ORDER BY spectrum.label, spectrum.number;
