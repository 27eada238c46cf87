-- A run: its scan, sample, result and counts. Where every execution failed there is no result.
--
-- :run text  The run's id.
-- @run_id text  The run.
-- @sample text  The sample that the scan shows; null where nobody said.
-- @scan_id text  The scan.
-- @parameters_id text  The parameter set.
-- @result_id text  The result; null where every execution failed.
-- @height integer (px)  Rows of a frame.
-- @width integer (px)  Columns of a frame.
-- @energy_count integer  How many energies.
-- @energy_min_ev number (eV)  The lowest energy.
-- @energy_max_ev number (eV)  The highest energy.
-- @signal text  What the files hold: counts, transmission or od.
-- @reference text  Where I0 comes from: frames, frame, spectrum, empty-field or not-needed.
-- @pixel_size_um number (um)  A pixel's side at the lowest energy, the smaller one where they differ; null where not known.
-- @pixel_height_um number (um)  A pixel's height where its sides differ; null elsewhere.
-- @pixel_width_um number (um)  A pixel's width where its sides differ; null elsewhere.
-- @geometry text  What depth means: section (below the surface) or projection (distance to the rim).
-- @exposure_s number (s)  Exposure of a frame (the longest); null where not known.
-- @reference_exposure_s number (s)  Exposure of a reference (the longest); null where not known.
-- @total_pixels integer (px)  Pixels of a frame; null where there is no result.
-- @analysed_pixels integer (px)  Pixels of the sample that were measured at every energy; null where there is no result.
-- @eligible_pixels integer (px)  Pixels that DBSCAN ran on; null where there is no result.
-- @noise_pixels integer (px)  Pixels that were analysed, and are in no cluster; null where there is no result.
-- @altered_values integer  Pixel values that were replaced, summed over the frames; null where there is no result.
-- @cluster_count integer  How many clusters; null where there is no result.
-- @smallest_findable_pixels integer (px)  A smaller phase is not found; null where there is no result.
-- @recorded_at text  When the run was first stored, UTC.
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
