-- A run: its scan, sample, result and counts. Where every execution failed there is no result.
--
-- :run text  The run's id.
SELECT run.run_id, scan.sample, scan.scan_id, parameter_set.parameters_id, result.result_id,
  scan.height, scan.width, scan.energy_count, scan.energy_min_ev, scan.energy_max_ev, scan.signal,
  scan.reference, scan.pixel_size_um, oblong.height_um AS pixel_height_um,
  oblong.width_um AS pixel_width_um, scan.geometry, scan.exposure_s, scan.reference_exposure_s,
  result.total_pixels, result.analysed_pixels, result.eligible_pixels, result.noise_pixels,
  result.altered_values, result.cluster_count, result.smallest_findable_pixels, run.recorded_at
FROM run
JOIN scan AS own ON own.scan_key = run.scan_key
JOIN scan_overview AS scan ON scan.scan_id = own.scan_id
LEFT JOIN oblong_pixel AS oblong ON oblong.scan_key = run.scan_key
JOIN parameter_set ON parameter_set.parameters_key = run.parameters_key
LEFT JOIN current_result AS result ON result.run_key = run.run_key
WHERE run.run_id = :run;
