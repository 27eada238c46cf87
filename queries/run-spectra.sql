-- The mean spectrum (OD) of each cluster of a run, and its standard deviation.
--
-- :run text  The run's id.
SELECT spectrum.label AS cluster, spectrum.energy_ev, spectrum.mean_od, spectrum.sd_od
FROM cluster_spectrum AS spectrum
JOIN run_overview AS run ON run.result_id = spectrum.result_id
WHERE run.run_id = :run
ORDER BY spectrum.label, spectrum.number;
