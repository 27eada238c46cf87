-- The pixels of a run by depth, of each cluster and of noise.
--
-- Depth is the distance to the nearest empty field: in a section that is depth below the sample's surface, in a
-- projection the distance to the rim. A run without empty field has none.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest; -1 is noise.
-- @bin integer  The bin, from 0.
-- @depth_px number (px)  Depth at which the bin begins.
-- @depth_um number (um)  Depth at which the bin begins; null where the pixel size is not known.
-- @pixels integer (px)  Pixels of the cluster in the bin.
-- @cumulative_pixels integer (px)  Pixels of the cluster in this bin and those above it.
SELECT depth.label AS cluster, depth.bin, depth.bin * run.depth_bin_px AS depth_px,
  depth.bin * run.depth_bin_px * run.pixel_size_um AS depth_um, depth.pixels,
  depth.cumulative_pixels
FROM run_overview_all AS run
CROSS JOIN cluster_depth AS depth ON depth.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY depth.label, depth.bin;
