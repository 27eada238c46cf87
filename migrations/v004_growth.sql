-- v004: catalogs that grow, and catalogs that are merged.
--
-- The tables with hundreds of rows a run are kept in the order of their keys (WITHOUT ROWID), without what other tables
-- say already: a third less of the file. New are the times and the records that merging brings.

PRAGMA user_version = 4;

CREATE TEMP TABLE old_frame AS SELECT * FROM frame;
CREATE TEMP TABLE old_component AS SELECT * FROM result_component;
CREATE TEMP TABLE old_result_frame AS
  SELECT result_frame.*, residual, saturated_pixels, outlier_pixels, unmeasured_pixels
  FROM result_frame LEFT JOIN result_frame_quality USING (result_key, number);
CREATE TEMP TABLE old_spectrum AS SELECT * FROM cluster_spectrum;
CREATE TEMP TABLE old_depth AS SELECT * FROM cluster_depth;
CREATE TEMP TABLE old_ledger AS
  SELECT * FROM ledger
  WHERE table_name NOT IN ('frame', 'result_component', 'result_frame', 'result_frame_quality', 'cluster_spectrum', 'cluster_depth')
  ORDER BY rowid;
DROP TABLE result_frame_quality;
DROP TABLE frame;
DROP TABLE result_component;
DROP TABLE result_frame;
DROP TABLE cluster_spectrum;
DROP TABLE cluster_depth;

CREATE TABLE frame (
  -- The digests that a scan's identity is made of.
  scan_key INTEGER NOT NULL REFERENCES scan, -- the scan
  kind TEXT NOT NULL CHECK (kind IN ('sample', 'reference', 'spectrum', 'dark')), -- what it shows; a spectrum is an I0 from a text file
  number INTEGER NOT NULL CHECK (number >= 0), -- its place among its kind, by energy
  energy_ev REAL CHECK (energy_ev > 0), -- null where it serves all energies
  exposure_s REAL CHECK (exposure_s > 0), -- null where not known
  ring_current_ma REAL CHECK (ring_current_ma > 0), -- null where not known
  acquisition INTEGER CHECK (acquisition >= 0), -- its place in time, where the pairing with references uses it
  digest BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of its values, 32 bytes: in frame_overview in hexadecimal
  PRIMARY KEY (scan_key, kind, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE result_component (
  -- The variances of all principal components.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  number INTEGER NOT NULL CHECK (number > 0), -- from 1, the largest variance first
  variance REAL NOT NULL, -- in squared units of the normalised spectra
  is_used INTEGER NOT NULL CHECK (is_used IN (0, 1)), -- 1 where its scores are features
  PRIMARY KEY (result_key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE result_frame (
  -- What was found of each frame of the sample.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  number INTEGER NOT NULL CHECK (number >= 0), -- by energy, from 0
  energy_ev REAL NOT NULL CHECK (energy_ev > 0), -- its energy
  drift_dy_px REAL NOT NULL, -- displacement against the lowest energy, + is down
  drift_dx_px REAL NOT NULL, -- + is right
  scale REAL NOT NULL CHECK (scale > 0), -- magnification against the lowest energy
  altered_pixels INTEGER NOT NULL CHECK (altered_pixels >= 0), -- pixels whose value was replaced
  empty_field_od REAL, -- the level of the empty field that was subtracted; null where none was found
  residual REAL CHECK (residual BETWEEN 0 AND 1), -- the share of the frame's variance that the other frames do not explain once they are registered; null where drift was not measured
  saturated_pixels INTEGER CHECK (saturated_pixels >= 0), -- altered because the detector was saturated, in the frame or its reference; null in results of before version 2 of the schema, as are the next two
  outlier_pixels INTEGER CHECK (outlier_pixels >= 0), -- altered because they were far from their neighbours: hot pixels
  unmeasured_pixels INTEGER CHECK (unmeasured_pixels >= 0), -- altered because nothing was measured: dead pixels, no light, too little reference
  PRIMARY KEY (result_key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_spectrum (
  -- The spectra of a cluster, over the pixels that DBSCAN labelled.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  number INTEGER NOT NULL CHECK (number >= 0), -- by energy, from 0: the energy is that of the result_frame of this number
  mean_od REAL NOT NULL, -- mean optical density
  sd_od REAL NOT NULL CHECK (sd_od >= 0), -- standard deviation of the optical density
  PRIMARY KEY (result_key, label, number),
  FOREIGN KEY (result_key, label) REFERENCES cluster,
  FOREIGN KEY (result_key, number) REFERENCES result_frame
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_depth (
  -- Pixels by depth: bin b holds depths from b to b + 1 times the result's depth_bin_px.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  label INTEGER NOT NULL CHECK (label >= -1), -- the cluster; -1 is noise
  bin INTEGER NOT NULL CHECK (bin >= 0), -- the bin
  pixels INTEGER NOT NULL CHECK (pixels > 0), -- how many pixels
  cumulative_pixels INTEGER NOT NULL CHECK (cumulative_pixels >= pixels), -- how many in this bin and those above it
  PRIMARY KEY (result_key, label, bin)
) STRICT, WITHOUT ROWID;

CREATE TABLE earlier_time (
  -- Times from merged catalogs: when one of them first stored what this one stored later.
  kind TEXT NOT NULL CHECK (length(kind) > 0), -- sample, scan, run, result, sighting or request
  id TEXT NOT NULL CHECK (length(id) > 0), -- its id or name; of a sighting or request the SHA-256 of what it says
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z'), -- when
  PRIMARY KEY (kind, id, recorded_at)
) STRICT;

CREATE TABLE variant (
  -- Records from merged catalogs that have the identity of one here and other numbers, from another kind of processor say. The one that was here first is in the tables.
  kind TEXT NOT NULL CHECK (length(kind) > 0), -- result, parameters, ...
  id TEXT NOT NULL CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'), -- the identity that they share
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'), -- SHA-256 of the record
  record TEXT NOT NULL CHECK (record GLOB '{*}'), -- as a line of lodestone export --all
  PRIMARY KEY (kind, id, digest)
) STRICT;

INSERT INTO frame
  SELECT scan_key, kind, number, energy_ev, exposure_s, ring_current_ma, acquisition, unhex(digest) FROM old_frame;
INSERT INTO result_component SELECT * FROM old_component;
INSERT INTO result_frame SELECT * FROM old_result_frame;
INSERT INTO cluster_spectrum SELECT result_key, label, number, mean_od, sd_od FROM old_spectrum;
INSERT INTO cluster_depth
  SELECT result_key, label, bin, pixels, sum(pixels) OVER (PARTITION BY result_key, label ORDER BY bin) FROM old_depth;

-- What was entered of the old tables was checked before this step, and is entered anew behind it.
DROP TRIGGER ledger_no_delete;
DELETE FROM ledger;
INSERT INTO ledger SELECT * FROM old_ledger ORDER BY rowid;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger is immutable'); END;

DROP TABLE old_frame;
DROP TABLE old_component;
DROP TABLE old_result_frame;
DROP TABLE old_spectrum;
DROP TABLE old_depth;
DROP TABLE old_ledger;

CREATE INDEX run_by_time ON run (recorded_at);
CREATE INDEX event_by_time ON event (recorded_at);
-- A frame of 16: scans that share frames share one of these.
CREATE INDEX frame_by_digest ON frame (digest) WHERE kind = 'sample' AND number % 16 = 0;

DROP VIEW current_result;
CREATE VIEW current_result AS
-- The result that queries use: the first stored of each run, here or in a merged catalog. Further ones are in run_reproducibility.
SELECT
  result.* -- as in the table
FROM result
WHERE NOT EXISTS (
  SELECT 1 FROM result AS other
  WHERE other.run_key = result.run_key AND other.result_key <> result.result_key
    AND (min(other.recorded_at, coalesce((SELECT min(recorded_at) FROM earlier_time WHERE kind = 'result' AND id = other.result_id), other.recorded_at)), other.result_id)
      < (min(result.recorded_at, coalesce((SELECT min(recorded_at) FROM earlier_time WHERE kind = 'result' AND id = result.result_id), result.recorded_at)), result.result_id));

DROP VIEW spectrum_overview;
CREATE VIEW spectrum_overview AS
-- The mean spectrum of each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  spectrum.label, -- the cluster
  spectrum.number, -- by energy, from 0
  frame.energy_ev, -- the energy
  spectrum.mean_od, -- mean optical density over the pixels that DBSCAN labelled
  spectrum.sd_od -- its standard deviation over these pixels
FROM run_overview AS run
JOIN cluster_spectrum AS spectrum ON spectrum.result_key = run.result_key
JOIN result_frame AS frame ON frame.result_key = spectrum.result_key AND frame.number = spectrum.number;

DROP VIEW drift_overview;
CREATE VIEW drift_overview AS
-- What was found of each frame of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  frame.number, -- by energy, from 0
  frame.energy_ev, -- its energy
  frame.drift_dy_px, -- displacement against the lowest energy, + is down
  frame.drift_dx_px, -- + is right
  frame.scale, -- magnification against the lowest energy
  frame.altered_pixels, -- pixels whose value was replaced
  frame.empty_field_od, -- the level of the empty field that was subtracted
  frame.residual, -- the share of its variance that the other frames do not explain
  frame.saturated_pixels, -- altered because the detector was saturated
  frame.outlier_pixels, -- altered because they were far from their neighbours
  frame.unmeasured_pixels -- altered because nothing was measured
FROM run_overview AS run
JOIN result_frame AS frame ON frame.result_key = run.result_key;

CREATE VIEW frame_overview AS
-- The frames, references and darks of each scan.
SELECT
  scan.scan_id, -- the scan
  frame.kind, -- sample, reference, spectrum or dark
  frame.number, -- its place among its kind, by energy
  frame.energy_ev, -- null where it serves all energies
  frame.exposure_s, -- null where not known
  frame.ring_current_ma, -- null where not known
  frame.acquisition, -- its place in time, where the pairing with references uses it
  lower(hex(frame.digest)) AS digest -- SHA-256 of its values
FROM scan
JOIN frame ON frame.scan_key = scan.scan_key;

-- A scan's or result's rows are written with it, and never after.

CREATE TRIGGER frame_once BEFORE INSERT ON frame
WHEN EXISTS (SELECT 1 FROM frame WHERE scan_key = NEW.scan_key AND kind = NEW.kind AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER frame_in_order AFTER INSERT ON frame
WHEN NEW.scan_key <> (SELECT max(scan_key) FROM scan)
BEGIN SELECT RAISE(ABORT, 'frame: rows are written with their scan'); END;
CREATE TRIGGER frame_no_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;
CREATE TRIGGER frame_no_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;

CREATE TRIGGER result_component_once BEFORE INSERT ON result_component
WHEN EXISTS (SELECT 1 FROM result_component WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_component_in_order AFTER INSERT ON result_component
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'result_component: rows are written with their result'); END;
CREATE TRIGGER result_component_no_update BEFORE UPDATE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;
CREATE TRIGGER result_component_no_delete BEFORE DELETE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;

CREATE TRIGGER result_frame_once BEFORE INSERT ON result_frame
WHEN EXISTS (SELECT 1 FROM result_frame WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_frame_in_order AFTER INSERT ON result_frame
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'result_frame: rows are written with their result'); END;
CREATE TRIGGER result_frame_no_update BEFORE UPDATE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;
CREATE TRIGGER result_frame_no_delete BEFORE DELETE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;

CREATE TRIGGER cluster_spectrum_once BEFORE INSERT ON cluster_spectrum
WHEN EXISTS (SELECT 1 FROM cluster_spectrum WHERE result_key = NEW.result_key AND label = NEW.label AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_spectrum_in_order AFTER INSERT ON cluster_spectrum
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum: rows are written with their result'); END;
CREATE TRIGGER cluster_spectrum_no_update BEFORE UPDATE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;
CREATE TRIGGER cluster_spectrum_no_delete BEFORE DELETE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;

CREATE TRIGGER cluster_depth_once BEFORE INSERT ON cluster_depth
WHEN EXISTS (SELECT 1 FROM cluster_depth WHERE result_key = NEW.result_key AND label = NEW.label AND bin = NEW.bin)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_depth_in_order AFTER INSERT ON cluster_depth
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'cluster_depth: rows are written with their result'); END;
CREATE TRIGGER cluster_depth_no_update BEFORE UPDATE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;
CREATE TRIGGER cluster_depth_no_delete BEFORE DELETE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;

CREATE TRIGGER earlier_time_once BEFORE INSERT ON earlier_time
WHEN EXISTS (SELECT 1 FROM earlier_time WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM earlier_time WHERE kind = NEW.kind AND id = NEW.id AND recorded_at = NEW.recorded_at)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER earlier_time_in_order AFTER INSERT ON earlier_time
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM earlier_time WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'earlier_time: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER earlier_time_no_update BEFORE UPDATE ON earlier_time
BEGIN SELECT RAISE(ABORT, 'earlier_time is immutable'); END;
CREATE TRIGGER earlier_time_no_delete BEFORE DELETE ON earlier_time
BEGIN SELECT RAISE(ABORT, 'earlier_time is immutable'); END;

CREATE TRIGGER variant_once BEFORE INSERT ON variant
WHEN EXISTS (SELECT 1 FROM variant WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM variant WHERE kind = NEW.kind AND id = NEW.id AND digest = NEW.digest)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER variant_in_order AFTER INSERT ON variant
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM variant WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'variant: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER variant_no_update BEFORE UPDATE ON variant
BEGIN SELECT RAISE(ABORT, 'variant is immutable'); END;
CREATE TRIGGER variant_no_delete BEFORE DELETE ON variant
BEGIN SELECT RAISE(ABORT, 'variant is immutable'); END;
