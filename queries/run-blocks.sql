-- The pixels of a run by block and depth, of each cluster and of noise.
--
-- A block is one of up to 16 parts of the sample of equal size: how much a share differs from one to the other is how well one
-- scan knows it. Depths are in bins that widen, two to each doubling. A run without empty field has none.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest; -1 is noise.
-- @block integer  The block, from 0.
-- @depth_px number (px)  Depth at which the bin begins.
-- @depth_end_px number (px)  Depth at which the bin ends.
-- @pixels integer (px)  Pixels of the cluster in the block and bin.
SELECT block.label AS cluster, block.block,
  (CASE WHEN block.bin < 2 THEN block.bin ELSE (2 + block.bin % 2) << ((block.bin >> 1) - 1) END)
    * run.depth_bin_px AS depth_px,
  (CASE WHEN block.bin < 1 THEN 1 ELSE (2 + (block.bin + 1) % 2) << (((block.bin + 1) >> 1) - 1) END)
    * run.depth_bin_px AS depth_end_px,
  block.pixels
FROM run_overview_all AS run
CROSS JOIN cluster_block_depth AS block ON block.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY block.bin, block.label, block.block;
