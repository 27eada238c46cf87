-- How much of each reference spectrum is in a run's clusters, by linear combination fits.
--
-- amount 1 is the reference as it is; fraction is its share of all amounts. residual is what the fit does not
-- explain, root mean square (OD, or edge steps for normalised spectra): the unexpected shows there.
--
-- :run text  The run's id.
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
