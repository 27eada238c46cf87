-- How much of each reference spectrum is in a run's clusters, by linear combination fits.
--
-- amount 1 is the reference as it is; fraction is its share of all amounts. residual is what the fit does not
-- explain, root mean square (OD, or edge steps for normalised spectra): the unexpected shows there.
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @name text  What the reference spectrum is called.
-- @amount number  How much of it is in the mean spectrum: 1 is the reference as it is.
-- @amount_error number  Standard error of the amount, from the residual.
-- @fraction number  The amount over the sum of all amounts; null where that is 0.
-- @fraction_error number  Standard error of the fraction; null where there is none.
-- @residual number  What the fit leaves, root mean square: OD, or edge steps where normalised spectra were fitted.
-- @r_factor number  Squares of what the fit leaves, over the squares of the spectrum.
-- @energies integer  Energies that were fitted.
-- @start_ev number (eV)  The first of these energies.
-- @end_ev number (eV)  The last of these energies.
-- @reference_spectrum_id text  The reference spectrum.
SELECT fit.label AS cluster, part.name, part.amount, part.amount_error, part.fraction,
  part.fraction_error, fit.residual, fit.r_factor, fit.energies, fit.start_ev, fit.end_ev,
  reference_spectrum.reference_spectrum_id
FROM run_overview_all AS run
JOIN cluster_fit AS fit ON fit.result_key = run.result_key
JOIN cluster_fit_part AS part ON part.result_key = fit.result_key AND part.label = fit.label
JOIN reference_spectrum
  ON reference_spectrum.reference_spectrum_key = part.reference_spectrum_key
WHERE run.run_id = :run
ORDER BY fit.label, part.number;
