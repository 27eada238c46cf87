-- A run: its scan, sample, result and counts.
--
-- :run text  The run's id.
SELECT run.run_id, run.sample, run.scan_id, run.parameters_id, run.result_id, scan.height,
  scan.width, scan.energy_count, scan.energy_min_ev, scan.energy_max_ev, scan.signal,
  scan.reference, scan.pixel_size_um, scan.geometry, scan.exposure_s, scan.reference_exposure_s,
  result.total_pixels, result.analysed_pixels, result.eligible_pixels, result.noise_pixels,
  result.altered_values, result.cluster_count, result.smallest_findable_pixels, run.recorded_at
FROM run_overview AS run
JOIN scan ON scan.scan_id = run.scan_id
JOIN result ON result.result_id = run.result_id
WHERE run.run_id = :run;
