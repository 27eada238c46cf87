-- The scans, with what they are of and where they were last seen.
SELECT scan.scan_id, scan_sample.sample, scan.height, scan.width, scan.energy_count AS energies,
  scan.energy_min_ev, scan.energy_max_ev, scan.pixel_size_um, scan.geometry,
  (SELECT path FROM source_file
   WHERE source_file.scan_id = scan.scan_id AND role = 'frames'
   ORDER BY seen_at DESC, path LIMIT 1) AS path,
  scan.recorded_at
FROM scan
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id
ORDER BY scan.recorded_at, scan.scan_id;
