-- What of each cluster of a run touches the surface, and how thick a layer that makes.
--
-- A piece of a cluster (pixels connected by sides) touches the surface where one of its pixels lies
-- beside the empty field. layer_thickness is the depth at which a shell of the sample has the area of
-- those pieces: the mean thickness of a layer along the surface, and no meaningful number for what is
-- not one (a grain that touches the surface).
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @pixels integer (px)  Pixels of the cluster, with those that the flood added.
-- @pieces integer  Pieces of the cluster, connected by sides.
-- @surface_pieces integer  Pieces with a pixel beside the empty field.
-- @surface_pixels integer (px)  Pixels of the pieces that touch the surface.
-- @area_um2 number (um2)  Area of the cluster; null where the pixel size is not known.
-- @surface_area_um2 number (um2)  Area of the pieces that touch the surface; null where the pixel size is not known.
-- @layer_thickness_px number (px)  Depth of the shell of the sample with the area of the pieces that touch the surface; null where none does.
-- @layer_thickness_um number (um)  Depth of the shell of the sample with the area of the pieces that touch the surface; null where none does, or the pixel size is not known.
WITH shell AS (
  SELECT depth.bin, sum(depth.pixels) AS pixels,
    sum(sum(depth.pixels)) OVER (ORDER BY depth.bin) AS within
  FROM run_overview_all AS run
  JOIN cluster_depth AS depth ON depth.result_key = run.result_key
  WHERE run.run_id = :run
  GROUP BY depth.bin
), thickness AS (
  SELECT surface.label, (
    SELECT (shell.bin + 1.0 - 1.0 * (shell.within - surface.surface_pixels) / shell.pixels)
      * run.depth_bin_px
    FROM shell
    WHERE shell.within >= surface.surface_pixels AND surface.surface_pixels > 0
    ORDER BY shell.bin LIMIT 1) AS px
  FROM run_overview_all AS run
  JOIN cluster_surface AS surface ON surface.result_key = run.result_key
  WHERE run.run_id = :run
)
SELECT cluster.label AS cluster, cluster.pixels, surface.pieces, surface.surface_pieces,
  surface.surface_pixels, cluster.area_um2, surface.surface_area_um2,
  thickness.px AS layer_thickness_px, thickness.px * run.pixel_size_um AS layer_thickness_um
FROM run_overview_all AS run
JOIN cluster ON cluster.result_key = run.result_key
JOIN cluster_surface AS surface
  ON surface.result_key = cluster.result_key AND surface.label = cluster.label
JOIN thickness ON thickness.label = cluster.label
WHERE run.run_id = :run
ORDER BY cluster.label;
