-- What the surface of each sample is made of, against its bulk.
--
-- Surface is what lies within a depth below the nearest empty field; the rest is bulk. In a section
-- that is depth below the sample's surface; in a projection it is the distance to the rim, where
-- every pixel also holds what lies behind. Depths are kept in bins of half a pixel: a bin counts
-- by its middle. The Nd fraction is Nd / (Nd + Fe) by atoms, over all clustered pixels of the zone;
-- main_cluster is the cluster with the most pixels there. Runs without a pixel size or without
-- empty field have no depth and are left out.
--
-- :surface_depth_um number (um) = 0.5  The largest depth that still counts as surface.
-- @sample text  The sample; null where nobody said.
-- @run_id text  The run.
-- @geometry text  What depth means: section (below the surface) or projection (distance to the rim).
-- @zone text  The zone: surface or bulk.
-- @pixels integer (px)  Analysed pixels of the zone, noise included.
-- @area_um2 number (um2)  Their area.
-- @nd_fraction number  Nd / (Nd + Fe) by atoms over the zone: the areal densities of its clusters, by pixels; null where they were not both measured, or none is there.
-- @main_cluster integer  The cluster with the most pixels in the zone; -1 is noise.
-- @main_share number  Its share of the zone's pixels.
-- @noise_share number  Share of the zone's pixels that is in no cluster.
WITH run AS MATERIALIZED (
  SELECT result_key, sample, run_id, scan_id, geometry, pixel_size_um, depth_bin_px
  FROM run_overview WHERE pixel_size_um IS NOT NULL
),
part AS MATERIALIZED (
  -- Each cluster, and noise (-1): how much of it lies within the depth, and how much there is. The deepest bin of the surface is
  -- looked for from where the division puts it, since that rounds.
  SELECT run.result_key, run.label, coalesce((
      SELECT depth.cumulative_pixels FROM cluster_depth AS depth
      WHERE depth.result_key = run.result_key AND depth.label = run.label
        AND depth.bin <= :surface_depth_um / (run.depth_bin_px * run.pixel_size_um) + 1
        AND (depth.bin + 0.5) * run.depth_bin_px * run.pixel_size_um <= :surface_depth_um
      ORDER BY depth.bin DESC LIMIT 1), 0) AS surface_pixels, (
      SELECT depth.cumulative_pixels FROM cluster_depth AS depth
      WHERE depth.result_key = run.result_key AND depth.label = run.label
      ORDER BY depth.bin DESC LIMIT 1) AS pixels,
    max(nd.areal_mol_cm2, 0) AS nd_mol_cm2, max(fe.areal_mol_cm2, 0) AS fe_mol_cm2
  FROM (
    SELECT run.result_key, run.depth_bin_px, run.pixel_size_um, cluster.label
    FROM run CROSS JOIN cluster ON cluster.result_key = run.result_key
    UNION ALL SELECT result_key, depth_bin_px, pixel_size_um, -1 FROM run) AS run
  LEFT JOIN cluster_element AS nd
    ON nd.result_key = run.result_key AND nd.label = run.label AND nd.symbol = 'Nd'
  LEFT JOIN cluster_element AS fe
    ON fe.result_key = run.result_key AND fe.label = run.label AND fe.symbol = 'Fe'
),
total AS MATERIALIZED (
  -- Both zones of each run in one pass. The main cluster is the one with the most pixels, and of these the smallest label: labels are
  -- below 2^15.
  SELECT result_key,
    sum(surface_pixels) AS surface_pixels, sum(pixels - surface_pixels) AS bulk_pixels,
    sum(surface_pixels * nd_mol_cm2) AS surface_nd,
    sum(surface_pixels * (nd_mol_cm2 + fe_mol_cm2)) AS surface_atoms,
    sum((pixels - surface_pixels) * nd_mol_cm2) AS bulk_nd,
    sum((pixels - surface_pixels) * (nd_mol_cm2 + fe_mol_cm2)) AS bulk_atoms,
    max(CASE WHEN surface_pixels > 0 THEN surface_pixels * 65536 + 32767 - label END) AS surface_main,
    max(CASE WHEN pixels > surface_pixels THEN (pixels - surface_pixels) * 65536 + 32767 - label END) AS bulk_main,
    sum(CASE WHEN label < 0 THEN surface_pixels ELSE 0 END) AS surface_noise,
    sum(CASE WHEN label < 0 THEN pixels - surface_pixels ELSE 0 END) AS bulk_noise
  FROM part WHERE pixels IS NOT NULL GROUP BY result_key
),
oblong AS MATERIALIZED (
  SELECT scan.scan_id, pixel.height_um * pixel.width_um AS area_um2
  FROM oblong_pixel AS pixel CROSS JOIN scan ON scan.scan_key = pixel.scan_key
),
zoned AS (
  SELECT result_key, 'surface' AS zone, surface_pixels AS pixels, surface_nd AS nd, surface_atoms AS atoms,
    surface_main AS main, surface_noise AS noise
  FROM total WHERE surface_pixels > 0
  UNION ALL
  SELECT result_key, 'bulk', bulk_pixels, bulk_nd, bulk_atoms, bulk_main, bulk_noise
  FROM total WHERE bulk_pixels > 0
)
SELECT run.sample, run.run_id, run.geometry, zone, zoned.pixels,
  zoned.pixels * coalesce(oblong.area_um2, run.pixel_size_um * run.pixel_size_um) AS area_um2,
  zoned.nd / zoned.atoms AS nd_fraction, 32767 - zoned.main % 65536 AS main_cluster,
  1.0 * (zoned.main / 65536) / zoned.pixels AS main_share,
  1.0 * zoned.noise / zoned.pixels AS noise_share
FROM zoned
JOIN run ON run.result_key = zoned.result_key
LEFT JOIN oblong ON oblong.scan_id = run.scan_id
ORDER BY run.sample, run.run_id, zone DESC;
