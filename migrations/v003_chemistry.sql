-- v003: how clusters are normalised at their edges, ratios of elements, fits of reference spectra, how far clusters
-- scatter, and what other radii find.

PRAGMA user_version = 3;

CREATE TABLE reference_spectrum (
  -- Spectra of known species that clusters were fitted with. The same values in another file are the same spectrum.
  reference_spectrum_key INTEGER PRIMARY KEY, -- this file's number for it
  reference_spectrum_id TEXT NOT NULL UNIQUE CHECK (length(reference_spectrum_id) = 64 AND reference_spectrum_id NOT GLOB '*[^0-9a-f]*') -- its identity: energies and values
) STRICT;

CREATE TABLE reference_spectrum_point (
  -- Their values.
  reference_spectrum_key INTEGER NOT NULL REFERENCES reference_spectrum, -- the spectrum
  number INTEGER NOT NULL CHECK (number >= 0), -- by energy, from 0
  energy_ev REAL NOT NULL CHECK (energy_ev > 0), -- the energy
  value REAL NOT NULL, -- absorption, in the unit of its file
  PRIMARY KEY (reference_spectrum_key, number)
) STRICT;

CREATE TABLE result_radius (
  -- What DBSCAN finds at the radius used and at others: how much hangs on it; none for results of before version 3 of the schema.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  number INTEGER NOT NULL CHECK (number > 0), -- from 1, the smallest radius first
  radius REAL NOT NULL CHECK (radius > 0), -- noise units
  cluster_count INTEGER NOT NULL CHECK (cluster_count >= 0), -- clusters that are not too small to be kept
  noise_pixels INTEGER NOT NULL CHECK (noise_pixels >= 0), -- eligible pixels in none of them
  is_used INTEGER NOT NULL CHECK (is_used IN (0, 1)), -- 1 for the one that made the result
  PRIMARY KEY (result_key, number)
) STRICT;

CREATE TABLE cluster_quality (
  -- How uniform a cluster is, and how well tabulated attenuation describes it; none for results of before version 3 of the schema.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  spread REAL NOT NULL CHECK (spread >= 0), -- standard deviation of its scores along the direction of most, by quantiles, noise units: noise alone leaves a third; a continuum, or two phases in one, far more
  width_px REAL NOT NULL CHECK (width_px >= 0), -- its width where it is widest
  thickness_um REAL, -- of the elements fitted, by their density; null where that is not known
  fit_residual_od REAL CHECK (fit_residual_od >= 0), -- what the fit of attenuation leaves, root mean square; null where there was none
  PRIMARY KEY (result_key, label),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_edge (
  -- How a cluster's mean spectrum is normalised at each measured edge, in numbers.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  symbol TEXT NOT NULL CHECK (length(symbol) BETWEEN 1 AND 3), -- Nd, Fe, ...
  edge TEXT NOT NULL CHECK (length(edge) > 0), -- K, L3, ...
  e0_ev REAL NOT NULL CHECK (e0_ev > 0), -- E0 that was used
  derivative_ev REAL CHECK (derivative_ev > 0), -- where the spectrum rises most; null where that is not to be seen
  convention TEXT NOT NULL CHECK (convention IN ('larch', 'textbook', 'area', 'two_means', 'none')), -- how it is normalised
  pre_start_ev REAL NOT NULL, -- the pre-edge window
  pre_end_ev REAL NOT NULL CHECK (pre_end_ev >= pre_start_ev), -- its end
  post_start_ev REAL NOT NULL, -- the post-edge window, or the range of the area
  post_end_ev REAL NOT NULL CHECK (post_end_ev >= post_start_ev), -- its end
  pre_energies INTEGER NOT NULL CHECK (pre_energies >= 0), -- energies in the pre-edge window
  post_energies INTEGER NOT NULL CHECK (post_energies >= 0), -- energies in the other
  pre_offset REAL NOT NULL, -- pre-edge line at 0 eV, OD
  pre_slope REAL NOT NULL, -- its slope, OD/eV
  post_offset REAL, -- post-edge polynomial of what lies above the line, OD; null where the convention has none
  post_slope REAL, -- OD/eV; null where it has a lower degree
  post_square REAL, -- OD/eV2
  post_cube REAL, -- OD/eV3
  divisor REAL NOT NULL, -- the edge step, OD; for area OD eV
  divisor_error REAL NOT NULL CHECK (divisor_error >= 0), -- its standard error
  is_normalised INTEGER NOT NULL CHECK (is_normalised IN (0, 1)), -- 0 where the divisor is below 3 standard errors
  white_line_ev REAL CHECK (white_line_ev > 0), -- the peak behind the edge; null where there is none
  white_line_height REAL, -- its height in edge steps
  PRIMARY KEY (result_key, label, symbol, edge),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_ratio (
  -- Atoms of one element to atoms of another in a cluster, by the fit of attenuation.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  numerator TEXT NOT NULL CHECK (length(numerator) BETWEEN 1 AND 3), -- Nd, ...
  denominator TEXT NOT NULL CHECK (length(denominator) BETWEEN 1 AND 3 AND denominator <> numerator), -- Fe, ...
  ratio REAL NOT NULL, -- the ratio, or a lower bound of it
  ratio_error REAL CHECK (ratio_error >= 0), -- its standard error; null for a bound
  is_lower_bound INTEGER NOT NULL CHECK (is_lower_bound = (ratio_error IS NULL)), -- 1 where there are less than 3 standard errors of the denominator: with so many more of it
  PRIMARY KEY (result_key, label, numerator, denominator),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_fit (
  -- Fits of a cluster's mean spectrum with reference spectra.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  energies INTEGER NOT NULL CHECK (energies > 0), -- how many energies
  start_ev REAL NOT NULL CHECK (start_ev > 0), -- the first of them
  end_ev REAL NOT NULL CHECK (end_ev >= start_ev), -- the last
  residual REAL NOT NULL CHECK (residual >= 0), -- what is not explained, root mean square, OD, or edge steps where normalised spectra were fitted
  r_factor REAL NOT NULL CHECK (r_factor >= 0), -- the same in squares, of the spectrum's squares
  PRIMARY KEY (result_key, label),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_fit_part (
  -- How much of each reference spectrum is in a cluster.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  number INTEGER NOT NULL CHECK (number >= 0), -- the reference's place in fit.references
  name TEXT NOT NULL CHECK (length(name) > 0), -- what it is called there
  reference_spectrum_key INTEGER NOT NULL REFERENCES reference_spectrum, -- the reference
  amount REAL NOT NULL CHECK (amount >= 0), -- 1 is the reference as it is
  amount_error REAL NOT NULL CHECK (amount_error >= 0), -- its standard error
  fraction REAL CHECK (fraction BETWEEN 0 AND 1), -- of all amounts; null where they are 0
  fraction_error REAL CHECK (fraction_error >= 0), -- its standard error
  PRIMARY KEY (result_key, label, number),
  FOREIGN KEY (result_key, label) REFERENCES cluster_fit
) STRICT;

INSERT INTO map_kind VALUES
  ('fit', 'float32', 'the amount of each reference spectrum in each pixel, a page each in the order of fit.references, then what they leave, root mean square, OD; not a number where not analysed');

CREATE VIEW edge_overview AS
-- The edges of each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  edge.label, -- the cluster
  edge.symbol, -- Nd, Fe, ...
  edge.edge, -- K, L3, ...
  edge.e0_ev, -- E0 that was used
  edge.derivative_ev, -- where the spectrum rises most; null where that is not to be seen
  edge.convention, -- how it is normalised
  edge.pre_start_ev, -- the pre-edge window
  edge.pre_end_ev, -- its end
  edge.post_start_ev, -- the post-edge window
  edge.post_end_ev, -- its end
  edge.pre_energies, -- energies in the pre-edge window
  edge.post_energies, -- energies in the post-edge window
  edge.divisor, -- the edge step, OD; for area OD eV
  edge.divisor_error, -- its standard error
  edge.is_normalised, -- 0 where the divisor is below 3 standard errors
  edge.white_line_ev, -- the peak behind the edge; null where there is none
  edge.white_line_height -- its height in edge steps
FROM run_overview AS run
JOIN cluster_edge AS edge ON edge.result_key = run.result_key;

CREATE VIEW ratio_overview AS
-- Ratios of elements in each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  ratio.label, -- the cluster
  ratio.numerator, -- Nd, ...
  ratio.denominator, -- Fe, ...
  ratio.ratio, -- atoms to atoms, or a lower bound
  ratio.ratio_error, -- its standard error; null for a bound
  ratio.is_lower_bound -- 1 for a bound
FROM run_overview AS run
JOIN cluster_ratio AS ratio ON ratio.result_key = run.result_key;

CREATE VIEW fit_overview AS
-- How much of each reference spectrum is in each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  part.label, -- the cluster
  part.name, -- what the reference is called
  reference_spectrum.reference_spectrum_id, -- the reference
  part.amount, -- 1 is the reference as it is
  part.amount_error, -- its standard error
  part.fraction, -- of all amounts; null where they are 0
  part.fraction_error, -- its standard error
  fit.residual, -- what the fit leaves, root mean square
  fit.r_factor -- the same in squares, of the spectrum's squares
FROM run_overview AS run
JOIN cluster_fit AS fit ON fit.result_key = run.result_key
JOIN cluster_fit_part AS part ON part.result_key = fit.result_key AND part.label = fit.label
JOIN reference_spectrum ON reference_spectrum.reference_spectrum_key = part.reference_spectrum_key;

CREATE TRIGGER reference_spectrum_once BEFORE INSERT ON reference_spectrum
WHEN EXISTS (SELECT 1 FROM reference_spectrum WHERE reference_spectrum_key = NEW.reference_spectrum_key AND NEW.reference_spectrum_key > 0)
  OR EXISTS (SELECT 1 FROM reference_spectrum WHERE reference_spectrum_id = NEW.reference_spectrum_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER reference_spectrum_in_order AFTER INSERT ON reference_spectrum
WHEN NEW.reference_spectrum_key < 1 OR NEW.reference_spectrum_key > 1 AND NOT EXISTS (SELECT 1 FROM reference_spectrum WHERE reference_spectrum_key = NEW.reference_spectrum_key - 1)
BEGIN SELECT RAISE(ABORT, 'reference_spectrum: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER reference_spectrum_no_update BEFORE UPDATE ON reference_spectrum
BEGIN SELECT RAISE(ABORT, 'reference_spectrum is immutable'); END;
CREATE TRIGGER reference_spectrum_no_delete BEFORE DELETE ON reference_spectrum
BEGIN SELECT RAISE(ABORT, 'reference_spectrum is immutable'); END;

CREATE TRIGGER reference_spectrum_point_once BEFORE INSERT ON reference_spectrum_point
WHEN EXISTS (SELECT 1 FROM reference_spectrum_point WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM reference_spectrum_point WHERE reference_spectrum_key = NEW.reference_spectrum_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER reference_spectrum_point_in_order AFTER INSERT ON reference_spectrum_point
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM reference_spectrum_point WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'reference_spectrum_point: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER reference_spectrum_point_no_update BEFORE UPDATE ON reference_spectrum_point
BEGIN SELECT RAISE(ABORT, 'reference_spectrum_point is immutable'); END;
CREATE TRIGGER reference_spectrum_point_no_delete BEFORE DELETE ON reference_spectrum_point
BEGIN SELECT RAISE(ABORT, 'reference_spectrum_point is immutable'); END;

CREATE TRIGGER result_radius_once BEFORE INSERT ON result_radius
WHEN EXISTS (SELECT 1 FROM result_radius WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_radius WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_radius_in_order AFTER INSERT ON result_radius
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_radius WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_radius: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_radius_no_update BEFORE UPDATE ON result_radius
BEGIN SELECT RAISE(ABORT, 'result_radius is immutable'); END;
CREATE TRIGGER result_radius_no_delete BEFORE DELETE ON result_radius
BEGIN SELECT RAISE(ABORT, 'result_radius is immutable'); END;

CREATE TRIGGER cluster_quality_once BEFORE INSERT ON cluster_quality
WHEN EXISTS (SELECT 1 FROM cluster_quality WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_quality WHERE result_key = NEW.result_key AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_quality_in_order AFTER INSERT ON cluster_quality
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_quality WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_quality: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_quality_no_update BEFORE UPDATE ON cluster_quality
BEGIN SELECT RAISE(ABORT, 'cluster_quality is immutable'); END;
CREATE TRIGGER cluster_quality_no_delete BEFORE DELETE ON cluster_quality
BEGIN SELECT RAISE(ABORT, 'cluster_quality is immutable'); END;

CREATE TRIGGER cluster_edge_once BEFORE INSERT ON cluster_edge
WHEN EXISTS (SELECT 1 FROM cluster_edge WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_edge WHERE result_key = NEW.result_key AND label = NEW.label AND symbol = NEW.symbol AND edge = NEW.edge)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_edge_in_order AFTER INSERT ON cluster_edge
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_edge WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_edge: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_edge_no_update BEFORE UPDATE ON cluster_edge
BEGIN SELECT RAISE(ABORT, 'cluster_edge is immutable'); END;
CREATE TRIGGER cluster_edge_no_delete BEFORE DELETE ON cluster_edge
BEGIN SELECT RAISE(ABORT, 'cluster_edge is immutable'); END;

CREATE TRIGGER cluster_ratio_once BEFORE INSERT ON cluster_ratio
WHEN EXISTS (SELECT 1 FROM cluster_ratio WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_ratio WHERE result_key = NEW.result_key AND label = NEW.label AND numerator = NEW.numerator AND denominator = NEW.denominator)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_ratio_in_order AFTER INSERT ON cluster_ratio
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_ratio WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_ratio: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_ratio_no_update BEFORE UPDATE ON cluster_ratio
BEGIN SELECT RAISE(ABORT, 'cluster_ratio is immutable'); END;
CREATE TRIGGER cluster_ratio_no_delete BEFORE DELETE ON cluster_ratio
BEGIN SELECT RAISE(ABORT, 'cluster_ratio is immutable'); END;

CREATE TRIGGER cluster_fit_once BEFORE INSERT ON cluster_fit
WHEN EXISTS (SELECT 1 FROM cluster_fit WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_fit WHERE result_key = NEW.result_key AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_fit_in_order AFTER INSERT ON cluster_fit
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_fit WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_fit: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_fit_no_update BEFORE UPDATE ON cluster_fit
BEGIN SELECT RAISE(ABORT, 'cluster_fit is immutable'); END;
CREATE TRIGGER cluster_fit_no_delete BEFORE DELETE ON cluster_fit
BEGIN SELECT RAISE(ABORT, 'cluster_fit is immutable'); END;

CREATE TRIGGER cluster_fit_part_once BEFORE INSERT ON cluster_fit_part
WHEN EXISTS (SELECT 1 FROM cluster_fit_part WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_fit_part WHERE result_key = NEW.result_key AND label = NEW.label AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_fit_part_in_order AFTER INSERT ON cluster_fit_part
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_fit_part WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_fit_part: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_fit_part_no_update BEFORE UPDATE ON cluster_fit_part
BEGIN SELECT RAISE(ABORT, 'cluster_fit_part is immutable'); END;
CREATE TRIGGER cluster_fit_part_no_delete BEFORE DELETE ON cluster_fit_part
BEGIN SELECT RAISE(ABORT, 'cluster_fit_part is immutable'); END;
