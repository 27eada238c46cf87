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
    coalesce(oblong.height_um * oblong.width_um, run.pixel_size_um * run.pixel_size_um)
      AS pixel_area_um2
  FROM run_overview AS run
  JOIN cluster_depth AS depth ON depth.result_key = run.result_key
  JOIN scan ON scan.scan_id = run.scan_id
  LEFT JOIN oblong_pixel AS oblong ON oblong.scan_key = scan.scan_key
  WHERE run.pixel_size_um IS NOT NULL
  GROUP BY run.run_id, zone, depth.label
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY run_id, zone ORDER BY pixels DESC, label) AS place
  FROM zoned
)
SELECT ranked.sample, ranked.run_id, ranked.geometry, ranked.zone, sum(ranked.pixels) AS pixels,
  sum(ranked.pixels) * ranked.pixel_area_um2 AS area_um2,
  sum(ranked.pixels * max(nd.areal_mol_cm2, 0))
    / sum(ranked.pixels * (max(nd.areal_mol_cm2, 0) + max(fe.areal_mol_cm2, 0))) AS nd_fraction,
  max(CASE WHEN ranked.place = 1 THEN ranked.label END) AS main_cluster,
  1.0 * max(ranked.pixels) / sum(ranked.pixels) AS main_share,
  1.0 * sum(CASE WHEN ranked.label < 0 THEN ranked.pixels ELSE 0 END) / sum(ranked.pixels)
    AS noise_share
FROM ranked
LEFT JOIN cluster_element AS nd
  ON nd.result_key = ranked.result_key AND nd.label = ranked.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_key = ranked.result_key AND fe.label = ranked.label AND fe.symbol = 'Fe'
GROUP BY ranked.run_id, ranked.zone
ORDER BY ranked.sample, ranked.run_id, ranked.zone DESC;
