-- The clusters of a run, largest first, with the phase of each.
--
-- dbscan_pixels are those that DBSCAN itself labelled: spectra and elements are taken from them.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @phase text  The phase that it belongs to; null where it is ambiguous, none fits, or none was defined.
-- @pixels integer (px)  Pixels of the cluster, with those that the flood added.
-- @dbscan_pixels integer (px)  Pixels of the cluster that DBSCAN itself labelled.
-- @share number  Pixels over all analysed pixels, noise included.
-- @area_um2 number (um2)  Pixels times the area of one; null where the pixel size is not known.
-- @nd_step number (OD)  Post-edge line less pre-edge line at Nd L3, of the mean OD over the pixels that DBSCAN labelled; null where not measured.
-- @fe_step number (OD)  Post-edge line less pre-edge line at Fe K (with Nd L1 in it), of the mean OD over the pixels that DBSCAN labelled; null where not measured.
-- @nd_fraction number  Nd / (Nd + Fe) by atoms: tabulated attenuation of both fitted, outside the near-edge regions, to the mean OD over the pixels that DBSCAN labelled; null where not measured.
-- @nd_fraction_error number  Standard error of nd_fraction, from the fit alone; null where not measured.
SELECT cluster.label AS cluster, assignment.phase, cluster.pixels, cluster.dbscan_pixels,
  cluster.share, cluster.area_um2, cluster.nd_step, cluster.fe_step, cluster.nd_fraction,
  cluster.nd_fraction_error
FROM cluster_overview_all AS cluster
LEFT JOIN phase_assignment AS assignment
  ON assignment.run_id = :run AND assignment.result_id = cluster.result_id
  AND assignment.label = cluster.label AND assignment.outcome = 'assigned'
WHERE cluster.run_id = :run
ORDER BY cluster.label;
