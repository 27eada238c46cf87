-- The clusters of a run, largest first.
--
-- dbscan_pixels are those that DBSCAN itself labelled: spectra and elements are taken from them.
--
-- :run text  The run's id.
SELECT label AS cluster, pixels, dbscan_pixels, share, area_um2, nd_step, fe_step, nd_fraction,
  nd_fraction_error
FROM cluster_overview_all
WHERE run_id = :run
ORDER BY label;
