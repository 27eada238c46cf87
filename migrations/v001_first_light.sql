-- v001: one scan, its runs and their results.
--
-- Identities are SHA-256 in lower-case hex over typed bytes (see Identity.swift), never over paths,
-- times or hosts. Rows are immutable: the triggers at the end refuse UPDATE and DELETE and make
-- a second INSERT of the same key do nothing.
-- Units stand in the names: _ev, _um, _um2, _px, _s, _g_cm2. Times are UTC, RFC 3339.

PRAGMA user_version = 1;

CREATE TABLE schema_migration (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at TEXT NOT NULL
) STRICT;

-- The physical specimens.
CREATE TABLE sample (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  recorded_at TEXT NOT NULL
) STRICT;

-- The frames of one acquisition with their references. The same data in another file is the same scan.
CREATE TABLE scan (
  scan_id TEXT PRIMARY KEY CHECK (length(scan_id) = 64 AND scan_id NOT GLOB '*[^0-9a-f]*'),
  height INTEGER NOT NULL CHECK (height > 0),
  width INTEGER NOT NULL CHECK (width > 0),
  energy_count INTEGER NOT NULL CHECK (energy_count > 0),
  energy_min_ev REAL NOT NULL CHECK (energy_min_ev > 0),
  energy_max_ev REAL NOT NULL CHECK (energy_max_ev >= energy_min_ev),
  signal TEXT NOT NULL CHECK (signal IN ('counts', 'transmission', 'od')),
  reference TEXT NOT NULL
    CHECK (reference IN ('frames', 'frame', 'spectrum', 'empty-field', 'not-needed')),
  pixel_size_um REAL CHECK (pixel_size_um > 0),
  geometry TEXT NOT NULL CHECK (geometry IN ('section', 'projection')),
  exposure_s REAL CHECK (exposure_s > 0),
  reference_exposure_s REAL CHECK (reference_exposure_s > 0),
  recorded_at TEXT NOT NULL
) STRICT;

-- The digests that a scan's identity is made of, in order of energy. energy_ev is null where a
-- reference or dark serves all energies.
CREATE TABLE frame (
  scan_id TEXT NOT NULL REFERENCES scan,
  kind TEXT NOT NULL CHECK (kind IN ('sample', 'reference', 'spectrum', 'dark')),
  number INTEGER NOT NULL CHECK (number >= 0),
  energy_ev REAL,
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
  PRIMARY KEY (scan_id, kind, number)
) STRICT;

-- Sightings: where a scan's data was seen.
CREATE TABLE source_file (
  scan_id TEXT NOT NULL REFERENCES scan,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
  bytes INTEGER NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('frames', 'reference', 'dark', 'energies')),
  seen_at TEXT NOT NULL,
  PRIMARY KEY (scan_id, path, sha256)
) STRICT;

-- Parameter sets as asked: canonical JSON (RFC 8785) of all names and values.
CREATE TABLE parameter_set (
  parameters_id TEXT PRIMARY KEY CHECK (length(parameters_id) = 64 AND parameters_id NOT GLOB '*[^0-9a-f]*'),
  canonical_json TEXT NOT NULL
) STRICT;

-- The same, a row each. number is null for text and for "auto".
CREATE TABLE parameter (
  parameters_id TEXT NOT NULL REFERENCES parameter_set,
  name TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('number', 'integer', 'text')),
  text TEXT NOT NULL,
  number REAL,
  unit TEXT NOT NULL,
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
  PRIMARY KEY (parameters_id, name)
) STRICT;

-- The question: one scan, one parameter set, one version of each stage.
CREATE TABLE run (
  run_id TEXT PRIMARY KEY CHECK (length(run_id) = 64 AND run_id NOT GLOB '*[^0-9a-f]*'),
  scan_id TEXT NOT NULL REFERENCES scan,
  parameters_id TEXT NOT NULL REFERENCES parameter_set,
  recorded_at TEXT NOT NULL
) STRICT;

-- The pipeline version: raised by hand when a stage's numbers change.
CREATE TABLE run_stage (
  run_id TEXT NOT NULL REFERENCES run,
  stage TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  PRIMARY KEY (run_id, stage)
) STRICT;

-- Software and machine.
CREATE TABLE environment (
  environment_id TEXT PRIMARY KEY CHECK (length(environment_id) = 64 AND environment_id NOT GLOB '*[^0-9a-f]*')
) STRICT;

-- What an environment consists of, a row each.
CREATE TABLE environment_item (
  environment_id TEXT NOT NULL REFERENCES environment,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (environment_id, name)
) STRICT;

-- The answer. altered_values: pixel values replaced, summed over the frames.
CREATE TABLE result (
  result_id TEXT PRIMARY KEY CHECK (length(result_id) = 64 AND result_id NOT GLOB '*[^0-9a-f]*'),
  run_id TEXT NOT NULL REFERENCES run,
  total_pixels INTEGER NOT NULL,
  analysed_pixels INTEGER NOT NULL,
  eligible_pixels INTEGER NOT NULL,
  noise_pixels INTEGER NOT NULL,
  altered_values INTEGER NOT NULL,
  cluster_count INTEGER NOT NULL,
  smallest_findable_pixels INTEGER NOT NULL,
  depth_bin_px REAL NOT NULL,
  recorded_at TEXT NOT NULL
) STRICT;

-- One time that a run was computed.
CREATE TABLE execution (
  execution_id TEXT PRIMARY KEY CHECK (length(execution_id) = 64 AND execution_id NOT GLOB '*[^0-9a-f]*'),
  run_id TEXT NOT NULL REFERENCES run,
  environment_id TEXT NOT NULL REFERENCES environment,
  result_id TEXT NOT NULL REFERENCES result,
  started_at TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  host TEXT NOT NULL,
  command TEXT NOT NULL
) STRICT;

-- How long its stages took.
CREATE TABLE execution_stage (
  execution_id TEXT NOT NULL REFERENCES execution,
  stage TEXT NOT NULL,
  number INTEGER NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (execution_id, stage)
) STRICT;

-- What was found where a parameter said "auto", and other single numbers.
CREATE TABLE result_value (
  result_id TEXT NOT NULL REFERENCES result,
  name TEXT NOT NULL,
  number REAL NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (result_id, name)
) STRICT;

-- The variances of all principal components, largest first.
CREATE TABLE result_component (
  result_id TEXT NOT NULL REFERENCES result,
  number INTEGER NOT NULL,
  variance REAL NOT NULL,
  is_used INTEGER NOT NULL CHECK (is_used IN (0, 1)),
  PRIMARY KEY (result_id, number)
) STRICT;

-- What a reader of the result should know.
CREATE TABLE result_warning (
  result_id TEXT NOT NULL REFERENCES result,
  number INTEGER NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (result_id, number)
) STRICT;

-- Each frame's drift (+ is down and right), pixels replaced, and the level subtracted.
CREATE TABLE result_frame (
  result_id TEXT NOT NULL REFERENCES result,
  number INTEGER NOT NULL,
  energy_ev REAL NOT NULL,
  drift_dy_px REAL NOT NULL,
  drift_dx_px REAL NOT NULL,
  scale REAL NOT NULL,
  altered_pixels INTEGER NOT NULL,
  empty_field_od REAL,
  PRIMARY KEY (result_id, number)
) STRICT;

-- pixels: with those that the flood added; dbscan_pixels: those that DBSCAN labelled.
CREATE TABLE cluster (
  result_id TEXT NOT NULL REFERENCES result,
  label INTEGER NOT NULL CHECK (label >= 0),
  pixels INTEGER NOT NULL,
  dbscan_pixels INTEGER NOT NULL,
  area_um2 REAL,
  PRIMARY KEY (result_id, label)
) STRICT;

-- The mean and standard deviation of the optical density over dbscan_pixels.
CREATE TABLE cluster_spectrum (
  result_id TEXT NOT NULL,
  label INTEGER NOT NULL,
  number INTEGER NOT NULL,
  energy_ev REAL NOT NULL,
  mean_od REAL NOT NULL,
  sd_od REAL NOT NULL,
  PRIMARY KEY (result_id, label, number),
  FOREIGN KEY (result_id, label) REFERENCES cluster
) STRICT;

-- Edge steps (OD), areal densities, and the share of the fitted elements' atoms.
CREATE TABLE cluster_element (
  result_id TEXT NOT NULL,
  label INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  edge TEXT NOT NULL,
  edge_ev REAL NOT NULL,
  step REAL NOT NULL,
  step_error REAL NOT NULL,
  areal_g_cm2 REAL NOT NULL,
  areal_error_g_cm2 REAL NOT NULL,
  areal_mol_cm2 REAL NOT NULL,
  atomic_fraction REAL,
  atomic_fraction_error REAL,
  method TEXT NOT NULL CHECK (method IN ('attenuation_fit', 'edge_step')),
  PRIMARY KEY (result_id, label, symbol),
  FOREIGN KEY (result_id, label) REFERENCES cluster
) STRICT;

-- Pixels by depth: bin b holds depths from b to b + 1 times depth_bin_px; label -1 is noise.
CREATE TABLE cluster_depth (
  result_id TEXT NOT NULL,
  label INTEGER NOT NULL CHECK (label >= -1),
  bin INTEGER NOT NULL CHECK (bin >= 0),
  pixels INTEGER NOT NULL CHECK (pixels > 0),
  PRIMARY KEY (result_id, label, bin),
  FOREIGN KEY (result_id) REFERENCES result
) STRICT;

-- Maps of the frame's size as deflate int16 TIFF; the digest is over the decoded values.
CREATE TABLE map (
  result_id TEXT NOT NULL REFERENCES result,
  kind TEXT NOT NULL CHECK (kind IN ('label', 'dbscan')),
  height INTEGER NOT NULL,
  width INTEGER NOT NULL,
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'),
  tiff BLOB NOT NULL,
  PRIMARY KEY (result_id, kind)
) STRICT;

-- What people say. An event's id covers its content and the ids of the events before it.
CREATE TABLE event (
  event_id TEXT PRIMARY KEY CHECK (length(event_id) = 64 AND event_id NOT GLOB '*[^0-9a-f]*'),
  kind TEXT NOT NULL CHECK (kind IN ('sample.assign')),
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  recorded_at TEXT NOT NULL
) STRICT;

-- The events that an event follows.
CREATE TABLE event_predecessor (
  event_id TEXT NOT NULL REFERENCES event,
  predecessor_id TEXT NOT NULL REFERENCES event (event_id),
  PRIMARY KEY (event_id, predecessor_id)
) STRICT;

CREATE INDEX run_by_scan ON run (scan_id);
CREATE INDEX result_by_run ON result (run_id);
CREATE INDEX execution_by_run ON execution (run_id);
CREATE INDEX event_by_subject ON event (subject);

-- Which sample each scan shows: the last word said of it.
CREATE VIEW scan_sample AS
SELECT subject AS scan_id, body AS sample
FROM event AS latest
WHERE kind = 'sample.assign'
  AND rowid = (SELECT max(rowid) FROM event
               WHERE kind = 'sample.assign' AND subject = latest.subject);

-- The result that queries use: the first stored of each run.
CREATE VIEW current_result AS
SELECT result.*
FROM result
WHERE rowid = (SELECT min(rowid) FROM result AS other WHERE other.run_id = result.run_id);

-- A line for each run.
CREATE VIEW run_overview AS
SELECT run.run_id, scan_sample.sample, run.scan_id, run.parameters_id, result.result_id,
  scan.geometry, scan.pixel_size_um, result.analysed_pixels, result.eligible_pixels,
  result.noise_pixels, result.cluster_count, run.recorded_at
FROM run
JOIN scan ON scan.scan_id = run.scan_id
JOIN current_result AS result ON result.run_id = run.run_id
LEFT JOIN scan_sample ON scan_sample.scan_id = run.scan_id;

-- A line for each cluster of each run; the Nd fraction is Nd / (Nd + Fe) by atoms.
CREATE VIEW cluster_overview AS
SELECT run_overview.run_id, run_overview.sample, cluster.result_id, cluster.label, cluster.pixels,
  cluster.dbscan_pixels, 1.0 * cluster.pixels / run_overview.analysed_pixels AS share,
  cluster.area_um2, nd.atomic_fraction AS nd_fraction,
  nd.atomic_fraction_error AS nd_fraction_error, nd.step AS nd_step, fe.step AS fe_step,
  nd.areal_g_cm2 AS nd_areal_g_cm2, fe.areal_g_cm2 AS fe_areal_g_cm2
FROM cluster
JOIN run_overview ON run_overview.result_id = cluster.result_id
LEFT JOIN cluster_element AS nd
  ON nd.result_id = cluster.result_id AND nd.label = cluster.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_id = cluster.result_id AND fe.label = cluster.label AND fe.symbol = 'Fe';

-- Immutability. RAISE(IGNORE) before an INSERT also holds against INSERT OR REPLACE from programs
-- that do not turn recursive triggers on.
CREATE TRIGGER schema_migration_once BEFORE INSERT ON schema_migration
WHEN EXISTS (SELECT 1 FROM schema_migration WHERE version = NEW.version)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER schema_migration_no_update BEFORE UPDATE ON schema_migration
BEGIN SELECT RAISE(ABORT, 'schema_migration is immutable'); END;
CREATE TRIGGER schema_migration_no_delete BEFORE DELETE ON schema_migration
BEGIN SELECT RAISE(ABORT, 'schema_migration is immutable'); END;

CREATE TRIGGER sample_once BEFORE INSERT ON sample
WHEN EXISTS (SELECT 1 FROM sample WHERE name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER sample_no_update BEFORE UPDATE ON sample
BEGIN SELECT RAISE(ABORT, 'sample is immutable'); END;
CREATE TRIGGER sample_no_delete BEFORE DELETE ON sample
BEGIN SELECT RAISE(ABORT, 'sample is immutable'); END;

CREATE TRIGGER scan_once BEFORE INSERT ON scan
WHEN EXISTS (SELECT 1 FROM scan WHERE scan_id = NEW.scan_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER scan_no_update BEFORE UPDATE ON scan
BEGIN SELECT RAISE(ABORT, 'scan is immutable'); END;
CREATE TRIGGER scan_no_delete BEFORE DELETE ON scan
BEGIN SELECT RAISE(ABORT, 'scan is immutable'); END;

CREATE TRIGGER frame_once BEFORE INSERT ON frame
WHEN EXISTS (SELECT 1 FROM frame WHERE scan_id = NEW.scan_id AND kind = NEW.kind AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER frame_no_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;
CREATE TRIGGER frame_no_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;

CREATE TRIGGER source_file_once BEFORE INSERT ON source_file
WHEN EXISTS (SELECT 1 FROM source_file WHERE scan_id = NEW.scan_id AND path = NEW.path AND sha256 = NEW.sha256)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER source_file_no_update BEFORE UPDATE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file is immutable'); END;
CREATE TRIGGER source_file_no_delete BEFORE DELETE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file is immutable'); END;

CREATE TRIGGER parameter_set_once BEFORE INSERT ON parameter_set
WHEN EXISTS (SELECT 1 FROM parameter_set WHERE parameters_id = NEW.parameters_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER parameter_set_no_update BEFORE UPDATE ON parameter_set
BEGIN SELECT RAISE(ABORT, 'parameter_set is immutable'); END;
CREATE TRIGGER parameter_set_no_delete BEFORE DELETE ON parameter_set
BEGIN SELECT RAISE(ABORT, 'parameter_set is immutable'); END;

CREATE TRIGGER parameter_once BEFORE INSERT ON parameter
WHEN EXISTS (SELECT 1 FROM parameter WHERE parameters_id = NEW.parameters_id AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER parameter_no_update BEFORE UPDATE ON parameter
BEGIN SELECT RAISE(ABORT, 'parameter is immutable'); END;
CREATE TRIGGER parameter_no_delete BEFORE DELETE ON parameter
BEGIN SELECT RAISE(ABORT, 'parameter is immutable'); END;

CREATE TRIGGER run_once BEFORE INSERT ON run
WHEN EXISTS (SELECT 1 FROM run WHERE run_id = NEW.run_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER run_no_update BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'run is immutable'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'run is immutable'); END;

CREATE TRIGGER run_stage_once BEFORE INSERT ON run_stage
WHEN EXISTS (SELECT 1 FROM run_stage WHERE run_id = NEW.run_id AND stage = NEW.stage)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER run_stage_no_update BEFORE UPDATE ON run_stage
BEGIN SELECT RAISE(ABORT, 'run_stage is immutable'); END;
CREATE TRIGGER run_stage_no_delete BEFORE DELETE ON run_stage
BEGIN SELECT RAISE(ABORT, 'run_stage is immutable'); END;

CREATE TRIGGER environment_once BEFORE INSERT ON environment
WHEN EXISTS (SELECT 1 FROM environment WHERE environment_id = NEW.environment_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER environment_no_update BEFORE UPDATE ON environment
BEGIN SELECT RAISE(ABORT, 'environment is immutable'); END;
CREATE TRIGGER environment_no_delete BEFORE DELETE ON environment
BEGIN SELECT RAISE(ABORT, 'environment is immutable'); END;

CREATE TRIGGER environment_item_once BEFORE INSERT ON environment_item
WHEN EXISTS (SELECT 1 FROM environment_item WHERE environment_id = NEW.environment_id AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER environment_item_no_update BEFORE UPDATE ON environment_item
BEGIN SELECT RAISE(ABORT, 'environment_item is immutable'); END;
CREATE TRIGGER environment_item_no_delete BEFORE DELETE ON environment_item
BEGIN SELECT RAISE(ABORT, 'environment_item is immutable'); END;

CREATE TRIGGER result_once BEFORE INSERT ON result
WHEN EXISTS (SELECT 1 FROM result WHERE result_id = NEW.result_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_no_update BEFORE UPDATE ON result
BEGIN SELECT RAISE(ABORT, 'result is immutable'); END;
CREATE TRIGGER result_no_delete BEFORE DELETE ON result
BEGIN SELECT RAISE(ABORT, 'result is immutable'); END;

CREATE TRIGGER execution_once BEFORE INSERT ON execution
WHEN EXISTS (SELECT 1 FROM execution WHERE execution_id = NEW.execution_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER execution_no_update BEFORE UPDATE ON execution
BEGIN SELECT RAISE(ABORT, 'execution is immutable'); END;
CREATE TRIGGER execution_no_delete BEFORE DELETE ON execution
BEGIN SELECT RAISE(ABORT, 'execution is immutable'); END;

CREATE TRIGGER execution_stage_once BEFORE INSERT ON execution_stage
WHEN EXISTS (SELECT 1 FROM execution_stage WHERE execution_id = NEW.execution_id AND stage = NEW.stage)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER execution_stage_no_update BEFORE UPDATE ON execution_stage
BEGIN SELECT RAISE(ABORT, 'execution_stage is immutable'); END;
CREATE TRIGGER execution_stage_no_delete BEFORE DELETE ON execution_stage
BEGIN SELECT RAISE(ABORT, 'execution_stage is immutable'); END;

CREATE TRIGGER result_value_once BEFORE INSERT ON result_value
WHEN EXISTS (SELECT 1 FROM result_value WHERE result_id = NEW.result_id AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_value_no_update BEFORE UPDATE ON result_value
BEGIN SELECT RAISE(ABORT, 'result_value is immutable'); END;
CREATE TRIGGER result_value_no_delete BEFORE DELETE ON result_value
BEGIN SELECT RAISE(ABORT, 'result_value is immutable'); END;

CREATE TRIGGER result_component_once BEFORE INSERT ON result_component
WHEN EXISTS (SELECT 1 FROM result_component WHERE result_id = NEW.result_id AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_component_no_update BEFORE UPDATE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;
CREATE TRIGGER result_component_no_delete BEFORE DELETE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;

CREATE TRIGGER result_warning_once BEFORE INSERT ON result_warning
WHEN EXISTS (SELECT 1 FROM result_warning WHERE result_id = NEW.result_id AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_warning_no_update BEFORE UPDATE ON result_warning
BEGIN SELECT RAISE(ABORT, 'result_warning is immutable'); END;
CREATE TRIGGER result_warning_no_delete BEFORE DELETE ON result_warning
BEGIN SELECT RAISE(ABORT, 'result_warning is immutable'); END;

CREATE TRIGGER result_frame_once BEFORE INSERT ON result_frame
WHEN EXISTS (SELECT 1 FROM result_frame WHERE result_id = NEW.result_id AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_frame_no_update BEFORE UPDATE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;
CREATE TRIGGER result_frame_no_delete BEFORE DELETE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;

CREATE TRIGGER cluster_once BEFORE INSERT ON cluster
WHEN EXISTS (SELECT 1 FROM cluster WHERE result_id = NEW.result_id AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_no_update BEFORE UPDATE ON cluster
BEGIN SELECT RAISE(ABORT, 'cluster is immutable'); END;
CREATE TRIGGER cluster_no_delete BEFORE DELETE ON cluster
BEGIN SELECT RAISE(ABORT, 'cluster is immutable'); END;

CREATE TRIGGER cluster_spectrum_once BEFORE INSERT ON cluster_spectrum
WHEN EXISTS (SELECT 1 FROM cluster_spectrum WHERE result_id = NEW.result_id AND label = NEW.label AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_spectrum_no_update BEFORE UPDATE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;
CREATE TRIGGER cluster_spectrum_no_delete BEFORE DELETE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;

CREATE TRIGGER cluster_element_once BEFORE INSERT ON cluster_element
WHEN EXISTS (SELECT 1 FROM cluster_element WHERE result_id = NEW.result_id AND label = NEW.label AND symbol = NEW.symbol)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_element_no_update BEFORE UPDATE ON cluster_element
BEGIN SELECT RAISE(ABORT, 'cluster_element is immutable'); END;
CREATE TRIGGER cluster_element_no_delete BEFORE DELETE ON cluster_element
BEGIN SELECT RAISE(ABORT, 'cluster_element is immutable'); END;

CREATE TRIGGER cluster_depth_once BEFORE INSERT ON cluster_depth
WHEN EXISTS (SELECT 1 FROM cluster_depth WHERE result_id = NEW.result_id AND label = NEW.label AND bin = NEW.bin)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_depth_no_update BEFORE UPDATE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;
CREATE TRIGGER cluster_depth_no_delete BEFORE DELETE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;

CREATE TRIGGER map_once BEFORE INSERT ON map
WHEN EXISTS (SELECT 1 FROM map WHERE result_id = NEW.result_id AND kind = NEW.kind)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER map_no_update BEFORE UPDATE ON map
BEGIN SELECT RAISE(ABORT, 'map is immutable'); END;
CREATE TRIGGER map_no_delete BEFORE DELETE ON map
BEGIN SELECT RAISE(ABORT, 'map is immutable'); END;

CREATE TRIGGER event_once BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is immutable'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is immutable'); END;

CREATE TRIGGER event_predecessor_once BEFORE INSERT ON event_predecessor
WHEN EXISTS (SELECT 1 FROM event_predecessor WHERE event_id = NEW.event_id AND predecessor_id = NEW.predecessor_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER event_predecessor_no_update BEFORE UPDATE ON event_predecessor
BEGIN SELECT RAISE(ABORT, 'event_predecessor is immutable'); END;
CREATE TRIGGER event_predecessor_no_delete BEFORE DELETE ON event_predecessor
BEGIN SELECT RAISE(ABORT, 'event_predecessor is immutable'); END;
