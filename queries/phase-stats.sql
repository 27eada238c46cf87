-- Each cluster of each run: how much of the analysed area it covers, and what it is made of.
--
-- The share counts noise among the analysed pixels. The Nd fraction is Nd / (Nd + Fe) by atoms.
--
-- :sample text = *  Only samples whose names match this pattern (* and ? as in file names).
SELECT sample, run_id, label AS cluster, pixels, share, area_um2, nd_fraction, nd_fraction_error,
  nd_areal_g_cm2, fe_areal_g_cm2
FROM cluster_overview
WHERE coalesce(sample, '') GLOB :sample
ORDER BY sample, run_id, label;
