-- The scans, with what they are of, and the newest of the places where they were seen.
SELECT scan_id, sample, height, width, energy_count AS energies, energy_min_ev, energy_max_ev,
  pixel_size_um, geometry, path, recorded_at
FROM scan_overview
ORDER BY recorded_at, scan_id;
