-- What the surface of each sample is made of, against its bulk.
--
-- Surface is what lies within a depth below the nearest empty field; the rest is bulk. In a section
-- that is depth below the sample's surface; in a projection it is the distance to the rim, where
-- every pixel also holds what lies behind. Depths are kept in bins of half a pixel: a bin counts
-- by its middle. The Nd fraction is Nd / (Nd + Fe) by atoms, over all clustered pixels of the zone;
-- main_cluster is the cluster with the most pixels there. Runs without a pixel size or without
-- empty field have no depth and are left out.
--
-- :surface_depth_um number = 0.5  The largest depth that still counts as surface, um.
WITH zoned AS (
  SELECT run.sample, run.run_id, run.result_key, run.geometry,
    CASE WHEN (depth.bin + 0.5) * run.depth_bin_px * run.pixel_size_um <= :surface_depth_um
      THEN 'surface' ELSE 'bulk' END AS zone,
    depth.label, sum(depth.pixels) AS pixels,
    run.pixel_size_um * run.pixel_size_um AS pixel_area_um2
  FROM run_overview AS run
  JOIN cluster_depth AS depth ON depth.result_key = run.result_key
  WHERE run.pixel_size_um IS NOT NULL
  GROUP BY run.run_id, zone, depth.label
)
SELECT zoned.sample, zoned.run_id, zoned.geometry, zoned.zone, sum(zoned.pixels) AS pixels,
  sum(zoned.pixels) * zoned.pixel_area_um2 AS area_um2,
  sum(zoned.pixels * max(nd.areal_mol_cm2, 0))
    / sum(zoned.pixels * (max(nd.areal_mol_cm2, 0) + max(fe.areal_mol_cm2, 0))) AS nd_fraction,
  (SELECT label FROM zoned AS main
   WHERE main.run_id = zoned.run_id AND main.zone = zoned.zone
   ORDER BY pixels DESC, label LIMIT 1) AS main_cluster,
  1.0 * max(zoned.pixels) / sum(zoned.pixels) AS main_share,
  1.0 * sum(CASE WHEN zoned.label < 0 THEN zoned.pixels ELSE 0 END) / sum(zoned.pixels)
    AS noise_share
FROM zoned
LEFT JOIN cluster_element AS nd
  ON nd.result_key = zoned.result_key AND nd.label = zoned.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_key = zoned.result_key AND fe.label = zoned.label AND fe.symbol = 'Fe'
GROUP BY zoned.run_id, zoned.zone
ORDER BY zoned.sample, zoned.run_id, zoned.zone DESC;
