-- The scans, with what they are of, and the newest of the places where they were seen.
--
-- @scan_id text  The scan.
-- @sample text  The sample that it shows; null where nobody said.
-- @height integer (px)  Rows of a frame.
-- @width integer (px)  Columns of a frame.
-- @energies integer  How many energies.
-- @energy_min_ev number (eV)  The lowest energy.
-- @energy_max_ev number (eV)  The highest energy.
-- @pixel_size_um number (um)  A pixel's side at the lowest energy, the smaller one where they differ; null where not known.
-- @geometry text  What depth means: section (below the surface) or projection (distance to the rim).
-- @path text  The newest of the places where its frames were seen; null where none is known.
-- @recorded_at text  When the scan was first stored, UTC.
SELECT scan_id, sample, height, width, energy_count AS energies, energy_min_ev, energy_max_ev,
  pixel_size_um, geometry, path, recorded_at
FROM scan_overview
ORDER BY recorded_at, scan_id;
