-- What of each cluster of a run touches the surface.
--
-- A piece of a cluster (pixels connected by sides) touches the surface where one of its pixels lies
-- beside the empty field. A layer's thickness is best taken as the depth at which a shell of the
-- sample has the area of the pieces that touch the surface.
--
-- :run text  The run's id.
SELECT cluster.label AS cluster, cluster.pixels, surface.pieces, surface.surface_pieces,
  surface.surface_pixels, cluster.area_um2, surface.surface_area_um2
FROM run_overview_all AS run
JOIN cluster ON cluster.result_key = run.result_key
JOIN cluster_surface AS surface
  ON surface.result_key = cluster.result_key AND surface.label = cluster.label
WHERE run.run_id = :run
ORDER BY cluster.label;
