-- v001: scans, the runs over them, their results, and what people say of them.
--
-- Identities (…_id) are SHA-256 in lower-case hex over typed bytes, never over paths, times or hosts:
-- the records of Sources/PhaseCatalog compute them. Keys (…_key) are this file's own row numbers:
-- they join tables, and never leave the file. Rows are immutable: see the triggers at the end.
-- Units stand in the names: _ev, _um, _um2, _px, _s, _ma, _g_cm2. Times are UTC, RFC 3339.
--
-- The comments inside the statements are kept in the file, and docs/schema.md is made of them.

PRAGMA user_version = 1;

CREATE TABLE schema_migration (
  -- The steps that made this file's schema.
  version INTEGER PRIMARY KEY, -- the schema version that the step leads to
  name TEXT NOT NULL, -- its file in migrations/
  sha256 TEXT NOT NULL, -- of that file
  applied_at TEXT NOT NULL CHECK (applied_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when
) STRICT;

CREATE TABLE ledger (
  -- What each write added, in its order: any later change of a value is found by `lodestone check --deep`.
  entry INTEGER NOT NULL, -- the number of the write, from 1 without gaps
  table_name TEXT NOT NULL, -- the table that it added rows to
  first_row INTEGER NOT NULL CHECK (first_row > 0), -- the first of these rows
  last_row INTEGER NOT NULL CHECK (last_row >= first_row), -- the last
  column_count INTEGER NOT NULL CHECK (column_count > 0), -- how many columns it had
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'), -- SHA-256 over this entry, the table's previous digest and every value of these rows
  PRIMARY KEY (entry, table_name)
) STRICT;

CREATE TABLE sample (
  -- The physical specimens.
  sample_key INTEGER PRIMARY KEY, -- this file's number for it
  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200), -- what people call it
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when it was first named
) STRICT;

CREATE TABLE scan (
  -- The frames of one acquisition with their references. The same data in another file is the same scan.
  scan_key INTEGER PRIMARY KEY, -- this file's number for it
  scan_id TEXT NOT NULL UNIQUE CHECK (length(scan_id) = 64 AND scan_id NOT GLOB '*[^0-9a-f]*'), -- its identity: frames, energies, and how they were taken
  height INTEGER NOT NULL CHECK (height > 0), -- rows of a frame
  width INTEGER NOT NULL CHECK (width > 0), -- columns of a frame
  energy_count INTEGER NOT NULL CHECK (energy_count > 0), -- how many energies
  energy_min_ev REAL NOT NULL CHECK (energy_min_ev > 0), -- the lowest
  energy_max_ev REAL NOT NULL CHECK (energy_max_ev >= energy_min_ev), -- the highest
  signal TEXT NOT NULL CHECK (signal IN ('counts', 'transmission', 'od')), -- what the files hold
  reference TEXT NOT NULL CHECK (reference IN ('frames', 'frame', 'spectrum', 'empty-field', 'not-needed')), -- where I0 comes from
  pixel_size_um REAL CHECK (pixel_size_um > 0), -- a pixel's side at the lowest energy; null where not known
  geometry TEXT NOT NULL CHECK (geometry IN ('section', 'projection')), -- what depth means: below the surface, or the distance to the rim
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when it was first stored
) STRICT;

CREATE TABLE frame (
  -- The digests that a scan's identity is made of.
  scan_key INTEGER NOT NULL REFERENCES scan, -- the scan
  kind TEXT NOT NULL CHECK (kind IN ('sample', 'reference', 'spectrum', 'dark')), -- what it shows; a spectrum is an I0 from a text file
  number INTEGER NOT NULL CHECK (number >= 0), -- its place among its kind, by energy
  energy_ev REAL CHECK (energy_ev > 0), -- null where it serves all energies
  exposure_s REAL CHECK (exposure_s > 0), -- null where not known
  ring_current_ma REAL CHECK (ring_current_ma > 0), -- null where not known
  acquisition INTEGER CHECK (acquisition >= 0), -- its place in time, where the pairing with references uses it
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'), -- SHA-256 of its values
  PRIMARY KEY (scan_key, kind, number)
) STRICT;

CREATE TABLE source_file (
  -- Sightings: the files in which a scan's data was seen.
  scan_key INTEGER NOT NULL REFERENCES scan, -- the scan
  role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 40), -- frames, reference, dark or energies
  path TEXT NOT NULL CHECK (length(path) > 0), -- where, absolute
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'), -- of the whole file, as sha256sum prints it
  bytes INTEGER NOT NULL CHECK (bytes >= 0), -- its size
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z'), -- when it was first seen there
  PRIMARY KEY (scan_key, role, path, sha256)
) STRICT;

CREATE TABLE scan_request (
  -- How a scan was read from its files, so that it can be read again.
  scan_key INTEGER NOT NULL REFERENCES scan, -- the scan
  canonical_json TEXT NOT NULL CHECK (canonical_json GLOB '{*}'), -- paths and what was said of them, as canonical JSON (RFC 8785)
  seen_at TEXT NOT NULL CHECK (seen_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z'), -- when
  PRIMARY KEY (scan_key, canonical_json)
) STRICT;

CREATE TABLE parameter_set (
  -- Parameter sets as asked: recipe, settings and all defaults.
  parameters_key INTEGER PRIMARY KEY, -- this file's number for it
  parameters_id TEXT NOT NULL UNIQUE CHECK (length(parameters_id) = 64 AND parameters_id NOT GLOB '*[^0-9a-f]*'), -- its identity
  canonical_json TEXT NOT NULL CHECK (canonical_json GLOB '{*}') -- every name and value, as canonical JSON (RFC 8785)
) STRICT;

CREATE TABLE parameter (
  -- The same, a row each.
  parameters_key INTEGER NOT NULL REFERENCES parameter_set, -- the set
  name TEXT NOT NULL CHECK (length(name) > 0), -- dotted, as in recipes
  type TEXT NOT NULL CHECK (type IN ('number', 'integer', 'text')), -- what its value is
  text TEXT NOT NULL, -- the value as text; "auto" where the program chooses
  number REAL, -- the value as a number; null for text and "auto"
  unit TEXT NOT NULL, -- empty where it has none
  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)), -- 1 where the value is the program's default
  PRIMARY KEY (parameters_key, name)
) STRICT;

CREATE TABLE run (
  -- The question: one scan, one parameter set, one version of each stage.
  run_key INTEGER PRIMARY KEY, -- this file's number for it
  run_id TEXT NOT NULL UNIQUE CHECK (length(run_id) = 64 AND run_id NOT GLOB '*[^0-9a-f]*'), -- its identity
  scan_key INTEGER NOT NULL REFERENCES scan, -- the scan
  parameters_key INTEGER NOT NULL REFERENCES parameter_set, -- the parameter set
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when it was first stored
) STRICT;

CREATE TABLE run_stage (
  -- The pipeline version: each stage's is raised by hand when its numbers change.
  run_key INTEGER NOT NULL REFERENCES run, -- the run
  stage TEXT NOT NULL CHECK (length(stage) > 0), -- the stage
  version INTEGER NOT NULL CHECK (version > 0), -- its version
  PRIMARY KEY (run_key, stage)
) STRICT;

CREATE TABLE environment (
  -- Software and machine.
  environment_key INTEGER PRIMARY KEY, -- this file's number for it
  environment_id TEXT NOT NULL UNIQUE CHECK (length(environment_id) = 64 AND environment_id NOT GLOB '*[^0-9a-f]*') -- its identity
) STRICT;

CREATE TABLE environment_item (
  -- What an environment consists of, a row each.
  environment_key INTEGER NOT NULL REFERENCES environment, -- the environment
  name TEXT NOT NULL CHECK (length(name) > 0), -- lodestone, build_sha256, processor, ...
  text TEXT NOT NULL, -- its value
  PRIMARY KEY (environment_key, name)
) STRICT;

CREATE TABLE result (
  -- The answer to a run: label maps and the counts that follow from them.
  result_key INTEGER PRIMARY KEY, -- this file's number for it
  result_id TEXT NOT NULL UNIQUE CHECK (length(result_id) = 64 AND result_id NOT GLOB '*[^0-9a-f]*'), -- its identity: the run, its maps and the counts
  run_key INTEGER NOT NULL REFERENCES run, -- the run
  total_pixels INTEGER NOT NULL CHECK (total_pixels > 0), -- of a frame
  analysed_pixels INTEGER NOT NULL CHECK (analysed_pixels BETWEEN 0 AND total_pixels), -- sample, measured at every energy
  eligible_pixels INTEGER NOT NULL CHECK (eligible_pixels BETWEEN 0 AND analysed_pixels), -- those that DBSCAN ran on
  noise_pixels INTEGER NOT NULL CHECK (noise_pixels BETWEEN 0 AND analysed_pixels), -- analysed, and in no cluster
  altered_values INTEGER NOT NULL CHECK (altered_values >= 0), -- pixel values replaced, summed over the frames
  cluster_count INTEGER NOT NULL CHECK (cluster_count >= 0), -- how many clusters
  smallest_findable_pixels INTEGER NOT NULL CHECK (smallest_findable_pixels >= 0), -- a smaller phase is not found
  depth_bin_px REAL NOT NULL CHECK (depth_bin_px > 0), -- the width of a bin of cluster_depth
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when it was first stored
) STRICT;

CREATE TABLE execution (
  -- One time that a run was computed: with a result, or with a failure.
  execution_key INTEGER PRIMARY KEY, -- this file's number for it
  execution_id TEXT NOT NULL UNIQUE CHECK (length(execution_id) = 64 AND execution_id NOT GLOB '*[^0-9a-f]*'), -- its identity
  run_key INTEGER NOT NULL REFERENCES run, -- the run
  environment_key INTEGER NOT NULL REFERENCES environment, -- where it was computed, and with what
  purpose TEXT NOT NULL CHECK (purpose IN ('ingest', 'verify')), -- what for
  result_key INTEGER REFERENCES result, -- what came out; null where it failed
  failure TEXT, -- why it failed; null where it did not
  started_at TEXT NOT NULL CHECK (started_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z'), -- when it began
  finished_at TEXT NOT NULL CHECK (finished_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z' AND finished_at >= started_at), -- when it ended
  host TEXT NOT NULL, -- the machine's name
  command TEXT NOT NULL, -- the command line
  CHECK ((result_key IS NULL) <> (failure IS NULL))
) STRICT;

CREATE TABLE execution_stage (
  -- How long an execution's stages took.
  execution_key INTEGER NOT NULL REFERENCES execution, -- the execution
  number INTEGER NOT NULL CHECK (number >= 0), -- the stage's place
  stage TEXT NOT NULL CHECK (length(stage) > 0), -- the stage; where the execution failed, the last is the one that did
  seconds REAL NOT NULL CHECK (seconds >= 0), -- how long
  PRIMARY KEY (execution_key, stage)
) STRICT;

CREATE TABLE verification (
  -- How an execution that verified a run compares with the run's stored result.
  execution_key INTEGER NOT NULL UNIQUE REFERENCES execution, -- the execution
  compared_result_key INTEGER NOT NULL REFERENCES result, -- the result that it was compared with
  grade TEXT NOT NULL CHECK (grade IN ('identical', 'same labels', 'within tolerance', 'different')), -- how far they agree
  changed_pixels INTEGER NOT NULL CHECK (changed_pixels >= 0), -- pixels of the label map that differ
  largest_difference REAL NOT NULL CHECK (largest_difference >= 0), -- of all numbers, relative to the largest of its column
  largest_difference_in TEXT -- the table and column of that number; null where all are equal
) STRICT;

CREATE TABLE result_value (
  -- What was found where a parameter said "auto", and other single numbers.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  name TEXT NOT NULL CHECK (length(name) > 0), -- the parameter's name, or the number's
  number REAL NOT NULL, -- its value
  unit TEXT NOT NULL, -- its unit
  PRIMARY KEY (result_key, name)
) STRICT;

CREATE TABLE result_component (
  -- The variances of all principal components.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  number INTEGER NOT NULL CHECK (number > 0), -- from 1, the largest variance first
  variance REAL NOT NULL, -- in squared units of the normalised spectra
  is_used INTEGER NOT NULL CHECK (is_used IN (0, 1)), -- 1 where its scores are features
  PRIMARY KEY (result_key, number)
) STRICT;

CREATE TABLE result_warning (
  -- What a reader of the result should know.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  number INTEGER NOT NULL CHECK (number > 0), -- from 1
  message TEXT NOT NULL CHECK (length(message) > 0), -- one line
  PRIMARY KEY (result_key, number)
) STRICT;

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
  PRIMARY KEY (result_key, number)
) STRICT;

CREATE TABLE cluster (
  -- The clusters of a result.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  label INTEGER NOT NULL CHECK (label >= 0), -- from 0, the largest first
  pixels INTEGER NOT NULL CHECK (pixels >= 0), -- with those that the flood added
  dbscan_pixels INTEGER NOT NULL CHECK (dbscan_pixels >= 0), -- those that DBSCAN labelled
  area_um2 REAL CHECK (area_um2 >= 0), -- of pixels; null where the pixel size is not known
  PRIMARY KEY (result_key, label)
) STRICT;

CREATE TABLE cluster_spectrum (
  -- The spectra of a cluster, over the pixels that DBSCAN labelled.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  number INTEGER NOT NULL CHECK (number >= 0), -- by energy, from 0
  energy_ev REAL NOT NULL CHECK (energy_ev > 0), -- the energy
  mean_od REAL NOT NULL, -- mean optical density
  sd_od REAL NOT NULL CHECK (sd_od >= 0), -- standard deviation of the optical density
  PRIMARY KEY (result_key, label, number),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_element (
  -- The elements of a cluster, from its mean spectrum.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  symbol TEXT NOT NULL CHECK (length(symbol) BETWEEN 1 AND 3), -- Nd, Fe, ...
  edge TEXT NOT NULL CHECK (length(edge) > 0), -- K, L3, ...
  edge_ev REAL NOT NULL CHECK (edge_ev > 0), -- its tabulated energy
  step REAL NOT NULL, -- edge step, OD
  step_error REAL NOT NULL CHECK (step_error >= 0), -- its standard error
  areal_g_cm2 REAL NOT NULL, -- areal density
  areal_error_g_cm2 REAL NOT NULL CHECK (areal_error_g_cm2 >= 0), -- its standard error
  areal_mol_cm2 REAL NOT NULL, -- the same in moles
  atomic_fraction REAL, -- of the fitted elements' atoms; null where none is there
  atomic_fraction_error REAL CHECK (atomic_fraction_error >= 0), -- its standard error
  method TEXT NOT NULL CHECK (method IN ('attenuation_fit', 'edge_step')), -- where the areal densities come from
  PRIMARY KEY (result_key, label, symbol),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

CREATE TABLE cluster_depth (
  -- Pixels by depth: bin b holds depths from b to b + 1 times the result's depth_bin_px.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  label INTEGER NOT NULL CHECK (label >= -1), -- the cluster; -1 is noise
  bin INTEGER NOT NULL CHECK (bin >= 0), -- the bin
  pixels INTEGER NOT NULL CHECK (pixels > 0), -- how many pixels
  PRIMARY KEY (result_key, label, bin)
) STRICT;

CREATE TABLE map_kind (
  -- The kinds of map.
  kind TEXT PRIMARY KEY NOT NULL, -- the kind's name
  samples TEXT NOT NULL CHECK (samples IN ('int16', 'float32')), -- what its TIFF holds
  meaning TEXT NOT NULL -- what its values mean
) STRICT;

INSERT INTO map_kind VALUES
  ('label', 'int16', 'cluster of each pixel, with the flood: 0 is the largest, -1 noise, -2 not analysed'),
  ('dbscan', 'int16', 'cluster of each pixel as DBSCAN labelled it: -1 noise, -2 not analysed, -3 not eligible');

CREATE TABLE map (
  -- Maps of the frame's size, each a TIFF file.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  kind TEXT NOT NULL REFERENCES map_kind, -- the kind
  height INTEGER NOT NULL CHECK (height > 0), -- rows
  width INTEGER NOT NULL CHECK (width > 0), -- columns
  digest TEXT NOT NULL CHECK (length(digest) = 64 AND digest NOT GLOB '*[^0-9a-f]*'), -- SHA-256 of the decoded values
  tiff BLOB NOT NULL CHECK (length(tiff) > 0), -- the file: deflate, one page
  PRIMARY KEY (result_key, kind)
) STRICT;

CREATE TABLE event_kind (
  -- What people can say.
  kind TEXT PRIMARY KEY NOT NULL, -- the kind's name
  meaning TEXT NOT NULL -- what an event of it says
) STRICT;

INSERT INTO event_kind VALUES
  ('sample.assign', 'the scan shows the sample that is its value'),
  ('sample.set', 'the sample has an attribute, name and value; without a value, no more'),
  ('tag.add', 'the run is called name'),
  ('tag.remove', 'the run is no longer called name'),
  ('note', 'the value is a remark on the subject'),
  ('retract', 'the run, or every run of the scan, does not count, for the reason that is its value'),
  ('retract.undo', 'it counts again');

CREATE TABLE event (
  -- What people say: appended, never changed. The last word on a subject is the one with the greatest (recorded_at, event_id).
  event_key INTEGER PRIMARY KEY, -- this file's number for it
  event_id TEXT NOT NULL UNIQUE CHECK (length(event_id) = 64 AND event_id NOT GLOB '*[^0-9a-f]*'), -- its identity: what it says, and the events before it
  kind TEXT NOT NULL REFERENCES event_kind, -- what it says
  subject_kind TEXT NOT NULL CHECK (length(subject_kind) > 0), -- scan, run or sample
  subject TEXT NOT NULL CHECK (length(subject) > 0), -- the id of the scan or run, or the sample's name
  name TEXT, -- of a tag or an attribute
  value TEXT, -- the sample, the attribute's value, the remark, or the reason
  author TEXT NOT NULL, -- who said it: the user's login name
  recorded_at TEXT NOT NULL CHECK (recorded_at GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z') -- when; later than the events before it
) STRICT;

CREATE TABLE event_predecessor (
  -- The events that an event follows.
  event_key INTEGER NOT NULL REFERENCES event, -- the event
  predecessor_key INTEGER NOT NULL REFERENCES event (event_key), -- one before it
  PRIMARY KEY (event_key, predecessor_key),
  CHECK (predecessor_key <> event_key)
) STRICT;

CREATE INDEX run_by_scan ON run (scan_key);
CREATE INDEX result_by_run ON result (run_key, recorded_at, result_id);
CREATE INDEX execution_by_run ON execution (run_key);
CREATE INDEX event_by_subject ON event (subject, kind, recorded_at, event_id);
CREATE INDEX event_by_kind ON event (kind, name);
CREATE INDEX event_predecessor_by_predecessor ON event_predecessor (predecessor_key);
CREATE INDEX ledger_by_table ON ledger (table_name, last_row);

-- The views: for readers without this program. Those named ..._all hold retracted runs too.

CREATE VIEW scan_sample AS
-- Which sample each scan shows: the last word said of it.
SELECT
  latest.subject AS scan_id, -- the scan
  latest.value AS sample, -- the sample
  latest.author, -- who said it
  latest.recorded_at -- when
FROM event AS latest
WHERE latest.kind = 'sample.assign' AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind = latest.kind
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW sample_attribute AS
-- What is known of each sample: the last word on each attribute.
SELECT
  latest.subject AS sample, -- the sample
  latest.name, -- the attribute
  latest.value, -- its value
  latest.author, -- who said it
  latest.recorded_at -- when
FROM event AS latest
WHERE latest.kind = 'sample.set' AND latest.value IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind = latest.kind AND later.name = latest.name
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW tag AS
-- The names that people gave to runs.
SELECT
  latest.name, -- the name
  latest.subject AS run_id, -- the run
  latest.author, -- who gave it
  latest.recorded_at -- when
FROM event AS latest
WHERE latest.kind = 'tag.add' AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind IN ('tag.add', 'tag.remove')
    AND later.name = latest.name
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW note AS
-- Remarks on runs, scans and samples.
SELECT
  event.subject_kind, -- run, scan or sample
  event.subject, -- its id or name
  event.value AS text, -- the remark
  event.author, -- who made it
  event.recorded_at -- when
FROM event
WHERE event.kind = 'note';

CREATE VIEW retraction AS
-- The runs and scans that are retracted.
SELECT
  latest.subject_kind, -- run, or scan for all its runs
  latest.subject, -- its id
  latest.value AS reason, -- why
  latest.author, -- who retracted it
  latest.recorded_at -- when
FROM event AS latest
WHERE latest.kind = 'retract' AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind IN ('retract', 'retract.undo')
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW scan_overview AS
-- The scans, with the sample that each shows.
SELECT
  scan.scan_id, -- the scan
  scan_sample.sample, -- the sample
  scan.height, -- rows of a frame
  scan.width, -- columns of a frame
  scan.energy_count, -- how many energies
  scan.energy_min_ev, -- the lowest
  scan.energy_max_ev, -- the highest
  scan.signal, -- counts, transmission or od
  scan.reference, -- where I0 comes from
  (SELECT max(exposure_s) FROM frame
   WHERE frame.scan_key = scan.scan_key AND frame.kind = 'sample') AS exposure_s, -- of a frame (the longest); null where not known
  (SELECT max(exposure_s) FROM frame
   WHERE frame.scan_key = scan.scan_key AND frame.kind IN ('reference', 'spectrum'))
    AS reference_exposure_s, -- of a reference (the longest); null where not known
  scan.pixel_size_um, -- a pixel's side; null where not known
  scan.geometry, -- section or projection
  (SELECT path FROM source_file
   WHERE source_file.scan_key = scan.scan_key AND role = 'frames'
   ORDER BY seen_at DESC, path LIMIT 1) AS path, -- of the places where its frames were seen, the newest (the first of them)
  scan.recorded_at -- when it was first stored
FROM scan
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id;

CREATE VIEW file_overview AS
-- The files in which scans were seen.
SELECT
  scan.scan_id, -- the scan
  source_file.role, -- frames, reference, dark or energies
  source_file.path, -- where
  source_file.sha256, -- of the whole file
  source_file.bytes, -- its size
  source_file.seen_at -- when it was first seen there
FROM source_file
JOIN scan ON scan.scan_key = source_file.scan_key;

CREATE VIEW current_result AS
-- The result that queries use: the first stored of each run. Further ones are in run_reproducibility.
SELECT
  result.* -- as in the table
FROM result
WHERE NOT EXISTS (
  SELECT 1 FROM result AS earlier
  WHERE earlier.run_key = result.run_key
    AND (earlier.recorded_at, earlier.result_id) < (result.recorded_at, result.result_id));

CREATE VIEW run_overview_all AS
-- A line for each run that has a result, retracted or not.
SELECT
  run.run_id, -- the run
  scan_sample.sample, -- the sample
  scan.scan_id, -- the scan
  parameter_set.parameters_id, -- the parameter set
  result.result_id, -- the result
  scan.geometry, -- section or projection: what depth means
  scan.pixel_size_um, -- a pixel's side; null where not known
  result.total_pixels, -- of a frame
  result.analysed_pixels, -- sample, measured at every energy
  result.eligible_pixels, -- those that DBSCAN ran on
  result.noise_pixels, -- analysed, and in no cluster
  result.altered_values, -- pixel values replaced, summed over the frames
  result.cluster_count, -- how many clusters
  result.smallest_findable_pixels, -- a smaller phase is not found
  result.depth_bin_px, -- the width of a bin of depth_overview
  EXISTS (SELECT 1 FROM retraction WHERE subject IN (run.run_id, scan.scan_id)) AS is_retracted, -- 1 where the run or its scan is
  run.recorded_at, -- when the run was first stored
  run.run_key, -- joins tables
  result.result_key -- joins tables
FROM run
JOIN scan ON scan.scan_key = run.scan_key
JOIN parameter_set ON parameter_set.parameters_key = run.parameters_key
JOIN current_result AS result ON result.run_key = run.run_key
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id;

CREATE VIEW run_overview AS
-- A line for each run that counts.
SELECT
  run_overview_all.* -- as there
FROM run_overview_all
WHERE NOT is_retracted;

CREATE VIEW cluster_overview_all AS
-- A line for each cluster of each run, retracted or not.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  run.scan_id, -- the scan
  run.result_id, -- the result
  cluster.label, -- the cluster, 0 is the largest
  cluster.pixels, -- with those that the flood added
  cluster.dbscan_pixels, -- those that DBSCAN labelled
  1.0 * cluster.pixels / run.analysed_pixels AS share, -- of the analysed pixels, noise included
  cluster.area_um2, -- null where the pixel size is not known
  nd.atomic_fraction AS nd_fraction, -- Nd / (Nd + Fe) by atoms, of the elements fitted
  nd.atomic_fraction_error AS nd_fraction_error, -- its standard error, from the fit alone
  nd.step AS nd_step, -- edge step at Nd L3, OD
  fe.step AS fe_step, -- edge step at Fe K, OD; Nd L1 is in it
  nd.areal_g_cm2 AS nd_areal_g_cm2, -- areal density of Nd
  fe.areal_g_cm2 AS fe_areal_g_cm2, -- areal density of Fe
  run.is_retracted -- 1 where the run or its scan is
FROM run_overview_all AS run
JOIN cluster ON cluster.result_key = run.result_key
LEFT JOIN cluster_element AS nd
  ON nd.result_key = cluster.result_key AND nd.label = cluster.label AND nd.symbol = 'Nd'
LEFT JOIN cluster_element AS fe
  ON fe.result_key = cluster.result_key AND fe.label = cluster.label AND fe.symbol = 'Fe';

CREATE VIEW cluster_overview AS
-- A line for each cluster of each run that counts.
SELECT
  cluster_overview_all.* -- as there
FROM cluster_overview_all
WHERE NOT is_retracted;

CREATE VIEW spectrum_overview AS
-- The mean spectrum of each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  spectrum.label, -- the cluster
  spectrum.number, -- by energy, from 0
  spectrum.energy_ev, -- the energy
  spectrum.mean_od, -- mean optical density over the pixels that DBSCAN labelled
  spectrum.sd_od -- its standard deviation over these pixels
FROM run_overview AS run
JOIN cluster_spectrum AS spectrum ON spectrum.result_key = run.result_key;

CREATE VIEW element_overview AS
-- The elements of each cluster of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  element.label, -- the cluster
  element.symbol, -- Nd, Fe, ...
  element.edge, -- K, L3, ...
  element.edge_ev, -- its tabulated energy
  element.step, -- edge step, OD
  element.step_error, -- its standard error
  element.areal_g_cm2, -- areal density
  element.areal_error_g_cm2, -- its standard error
  element.areal_mol_cm2, -- the same in moles
  element.atomic_fraction, -- of the fitted elements' atoms
  element.atomic_fraction_error, -- its standard error
  element.method -- attenuation_fit or edge_step
FROM run_overview AS run
JOIN cluster_element AS element ON element.result_key = run.result_key;

CREATE VIEW depth_overview AS
-- Pixels by depth, of each cluster and of noise (-1), of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  run.geometry, -- section: depth below the surface; projection: distance to the rim
  depth.label, -- the cluster; -1 is noise
  depth.bin, -- the bin
  depth.bin * run.depth_bin_px AS depth_px, -- where it begins
  depth.bin * run.depth_bin_px * run.pixel_size_um AS depth_um, -- the same; null where the pixel size is not known
  depth.pixels -- how many pixels
FROM run_overview AS run
JOIN cluster_depth AS depth ON depth.result_key = run.result_key;

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
  frame.empty_field_od -- the level of the empty field that was subtracted
FROM run_overview AS run
JOIN result_frame AS frame ON frame.result_key = run.result_key;

CREATE VIEW found_overview AS
-- What each run that counts found where a parameter said "auto", and other single numbers.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  value.name, -- the parameter's name, or the number's
  value.number, -- its value
  value.unit -- its unit
FROM run_overview AS run
JOIN result_value AS value ON value.result_key = run.result_key;

CREATE VIEW component_overview AS
-- The variances of the principal components of each run that counts.
SELECT
  run.run_id, -- the run
  component.number, -- from 1, the largest variance first
  component.variance, -- in squared units of the normalised spectra
  component.is_used -- 1 where its scores are features
FROM run_overview AS run
JOIN result_component AS component ON component.result_key = run.result_key;

CREATE VIEW warning_overview AS
-- What a reader of each run that counts should know.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  warning.number, -- from 1
  warning.message -- one line
FROM run_overview AS run
JOIN result_warning AS warning ON warning.result_key = run.result_key;

CREATE VIEW map_overview AS
-- The maps of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  map.kind, -- label or dbscan: see the table map_kind
  map.height, -- rows
  map.width, -- columns
  map.digest, -- SHA-256 of the decoded values
  map.tiff -- the map as a TIFF file
FROM run_overview AS run
JOIN map ON map.result_key = run.result_key;

CREATE VIEW parameter_overview AS
-- Every parameter of each run, failed and retracted ones too.
SELECT
  run.run_id, -- the run
  parameter_set.parameters_id, -- the parameter set
  parameter.name, -- dotted, as in recipes
  parameter.type, -- number, integer or text
  parameter.text, -- the value as text; "auto" where the program chooses
  parameter.number, -- the value as a number; null for text and "auto"
  parameter.unit, -- empty where it has none
  parameter.is_default -- 1 where the value is the program's default
FROM run
JOIN parameter_set ON parameter_set.parameters_key = run.parameters_key
JOIN parameter ON parameter.parameters_key = run.parameters_key;

CREATE VIEW stage_overview AS
-- The pipeline version of each run, failed and retracted ones too.
SELECT
  run.run_id, -- the run
  run_stage.stage, -- the stage
  run_stage.version -- its version
FROM run
JOIN run_stage ON run_stage.run_key = run.run_key;

CREATE VIEW execution_overview AS
-- Each time that a run was computed, retracted ones too.
SELECT
  run.run_id, -- the run
  execution.execution_id, -- the execution
  execution.purpose, -- ingest or verify
  CASE WHEN execution.failure IS NULL THEN 'result' ELSE 'failed' END AS outcome, -- result or failed
  result.result_id, -- what came out; null where it failed
  execution.failure, -- why it failed; null where it did not
  verification.grade, -- of a verify: identical, same labels, within tolerance or different
  verification.changed_pixels, -- of a verify: pixels of the label map that differ
  verification.largest_difference, -- of a verify: of all numbers, relative to the largest of its column
  verification.largest_difference_in, -- of a verify: where that is
  environment.environment_id, -- software and machine
  execution.started_at, -- when it began
  execution.finished_at, -- when it ended
  execution.host, -- the machine's name
  execution.command -- the command line
FROM execution
JOIN run ON run.run_key = execution.run_key
JOIN environment ON environment.environment_key = execution.environment_key
LEFT JOIN result ON result.result_key = execution.result_key
LEFT JOIN verification ON verification.execution_key = execution.execution_key;

CREATE VIEW environment_overview AS
-- What each environment consists of.
SELECT
  environment.environment_id, -- the environment
  environment_item.name, -- lodestone, build_sha256, processor, ...
  environment_item.text -- its value
FROM environment
JOIN environment_item ON environment_item.environment_key = environment.environment_key;

CREATE VIEW run_reproducibility AS
-- For every run, retracted or not: how often it was computed, in how many environments, and how many distinct results came out.
SELECT
  run.run_id, -- the run
  scan_sample.sample, -- the sample
  (SELECT count(*) FROM execution WHERE execution.run_key = run.run_key) AS executions, -- times that it was computed
  (SELECT count(*) FROM execution
   WHERE execution.run_key = run.run_key AND execution.failure IS NOT NULL) AS failures, -- of which failed
  (SELECT count(*) FROM execution
   WHERE execution.run_key = run.run_key AND execution.purpose = 'verify') AS verifications, -- of which were verifications
  (SELECT count(DISTINCT environment_key) FROM execution
   WHERE execution.run_key = run.run_key) AS environments, -- software and machines
  (SELECT count(*) FROM result WHERE result.run_key = run.run_key) AS results, -- distinct results
  (SELECT verification.grade FROM execution
   JOIN verification ON verification.execution_key = execution.execution_key
   WHERE execution.run_key = run.run_key
   ORDER BY execution.finished_at DESC, execution.execution_id DESC LIMIT 1) AS last_grade, -- of the last verification; null where there was none
  EXISTS (SELECT 1 FROM retraction WHERE subject IN (run.run_id, scan.scan_id)) AS is_retracted, -- 1 where the run or its scan is
  run.recorded_at -- when the run was first stored
FROM run
JOIN scan ON scan.scan_key = run.scan_key
LEFT JOIN scan_sample ON scan_sample.scan_id = scan.scan_id;

CREATE VIEW event_overview AS
-- Everything that people said, with the events that each followed.
SELECT
  event.event_id, -- the event
  event.kind, -- what it says: see the table event_kind
  event.subject_kind, -- scan, run or sample
  event.subject, -- its id or name
  event.name, -- of a tag or an attribute
  event.value, -- the sample, the attribute's value, the remark, or the reason
  event.author, -- who said it
  event.recorded_at, -- when
  (SELECT group_concat(previous.event_id, ' ') FROM event_predecessor
   JOIN event AS previous ON previous.event_key = event_predecessor.predecessor_key
   WHERE event_predecessor.event_key = event.event_key) AS predecessors -- the ids of the events before it
FROM event;

-- Immutability. Against INSERT OR REPLACE and upserts, which delete a row of the same key or row
-- number without asking the other triggers, an INSERT of what is there does nothing. A row number that
-- the INSERT does not give is -1 in the trigger. Rows are numbered from 1 without gaps: nothing is lost
-- unseen, and no row number runs out.

CREATE TRIGGER schema_migration_once BEFORE INSERT ON schema_migration
WHEN EXISTS (SELECT 1 FROM schema_migration WHERE version = NEW.version AND NEW.version > 0)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER schema_migration_in_order AFTER INSERT ON schema_migration
WHEN NEW.version < 1 OR NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM schema_migration WHERE version = NEW.version - 1)
BEGIN SELECT RAISE(ABORT, 'schema_migration: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER schema_migration_no_update BEFORE UPDATE ON schema_migration
BEGIN SELECT RAISE(ABORT, 'schema_migration is immutable'); END;
CREATE TRIGGER schema_migration_no_delete BEFORE DELETE ON schema_migration
BEGIN SELECT RAISE(ABORT, 'schema_migration is immutable'); END;

CREATE TRIGGER ledger_once BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM ledger WHERE entry = NEW.entry AND table_name = NEW.table_name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER ledger_in_order AFTER INSERT ON ledger
WHEN NEW.entry - coalesce((SELECT entry FROM ledger WHERE rowid = NEW.rowid - 1), 0) NOT IN (0, 1)
BEGIN SELECT RAISE(ABORT, 'ledger: rows and entries are numbered from 1 without gaps'); END;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger is immutable'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger is immutable'); END;

CREATE TRIGGER sample_once BEFORE INSERT ON sample
WHEN EXISTS (SELECT 1 FROM sample WHERE sample_key = NEW.sample_key AND NEW.sample_key > 0)
  OR EXISTS (SELECT 1 FROM sample WHERE name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER sample_in_order AFTER INSERT ON sample
WHEN NEW.sample_key < 1 OR NEW.sample_key > 1 AND NOT EXISTS (SELECT 1 FROM sample WHERE sample_key = NEW.sample_key - 1)
BEGIN SELECT RAISE(ABORT, 'sample: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER sample_no_update BEFORE UPDATE ON sample
BEGIN SELECT RAISE(ABORT, 'sample is immutable'); END;
CREATE TRIGGER sample_no_delete BEFORE DELETE ON sample
BEGIN SELECT RAISE(ABORT, 'sample is immutable'); END;

CREATE TRIGGER scan_once BEFORE INSERT ON scan
WHEN EXISTS (SELECT 1 FROM scan WHERE scan_key = NEW.scan_key AND NEW.scan_key > 0)
  OR EXISTS (SELECT 1 FROM scan WHERE scan_id = NEW.scan_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER scan_in_order AFTER INSERT ON scan
WHEN NEW.scan_key < 1 OR NEW.scan_key > 1 AND NOT EXISTS (SELECT 1 FROM scan WHERE scan_key = NEW.scan_key - 1)
BEGIN SELECT RAISE(ABORT, 'scan: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER scan_no_update BEFORE UPDATE ON scan
BEGIN SELECT RAISE(ABORT, 'scan is immutable'); END;
CREATE TRIGGER scan_no_delete BEFORE DELETE ON scan
BEGIN SELECT RAISE(ABORT, 'scan is immutable'); END;

CREATE TRIGGER frame_once BEFORE INSERT ON frame
WHEN EXISTS (SELECT 1 FROM frame WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM frame WHERE scan_key = NEW.scan_key AND kind = NEW.kind AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER frame_in_order AFTER INSERT ON frame
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM frame WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'frame: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER frame_no_update BEFORE UPDATE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;
CREATE TRIGGER frame_no_delete BEFORE DELETE ON frame
BEGIN SELECT RAISE(ABORT, 'frame is immutable'); END;

CREATE TRIGGER source_file_once BEFORE INSERT ON source_file
WHEN EXISTS (SELECT 1 FROM source_file WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM source_file WHERE scan_key = NEW.scan_key AND role = NEW.role AND path = NEW.path AND sha256 = NEW.sha256)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER source_file_in_order AFTER INSERT ON source_file
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM source_file WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'source_file: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER source_file_no_update BEFORE UPDATE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file is immutable'); END;
CREATE TRIGGER source_file_no_delete BEFORE DELETE ON source_file
BEGIN SELECT RAISE(ABORT, 'source_file is immutable'); END;

CREATE TRIGGER scan_request_once BEFORE INSERT ON scan_request
WHEN EXISTS (SELECT 1 FROM scan_request WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM scan_request WHERE scan_key = NEW.scan_key AND canonical_json = NEW.canonical_json)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER scan_request_in_order AFTER INSERT ON scan_request
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM scan_request WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'scan_request: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER scan_request_no_update BEFORE UPDATE ON scan_request
BEGIN SELECT RAISE(ABORT, 'scan_request is immutable'); END;
CREATE TRIGGER scan_request_no_delete BEFORE DELETE ON scan_request
BEGIN SELECT RAISE(ABORT, 'scan_request is immutable'); END;

CREATE TRIGGER parameter_set_once BEFORE INSERT ON parameter_set
WHEN EXISTS (SELECT 1 FROM parameter_set WHERE parameters_key = NEW.parameters_key AND NEW.parameters_key > 0)
  OR EXISTS (SELECT 1 FROM parameter_set WHERE parameters_id = NEW.parameters_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER parameter_set_in_order AFTER INSERT ON parameter_set
WHEN NEW.parameters_key < 1 OR NEW.parameters_key > 1 AND NOT EXISTS (SELECT 1 FROM parameter_set WHERE parameters_key = NEW.parameters_key - 1)
BEGIN SELECT RAISE(ABORT, 'parameter_set: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER parameter_set_no_update BEFORE UPDATE ON parameter_set
BEGIN SELECT RAISE(ABORT, 'parameter_set is immutable'); END;
CREATE TRIGGER parameter_set_no_delete BEFORE DELETE ON parameter_set
BEGIN SELECT RAISE(ABORT, 'parameter_set is immutable'); END;

CREATE TRIGGER parameter_once BEFORE INSERT ON parameter
WHEN EXISTS (SELECT 1 FROM parameter WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM parameter WHERE parameters_key = NEW.parameters_key AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER parameter_in_order AFTER INSERT ON parameter
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM parameter WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'parameter: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER parameter_no_update BEFORE UPDATE ON parameter
BEGIN SELECT RAISE(ABORT, 'parameter is immutable'); END;
CREATE TRIGGER parameter_no_delete BEFORE DELETE ON parameter
BEGIN SELECT RAISE(ABORT, 'parameter is immutable'); END;

CREATE TRIGGER run_once BEFORE INSERT ON run
WHEN EXISTS (SELECT 1 FROM run WHERE run_key = NEW.run_key AND NEW.run_key > 0)
  OR EXISTS (SELECT 1 FROM run WHERE run_id = NEW.run_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER run_in_order AFTER INSERT ON run
WHEN NEW.run_key < 1 OR NEW.run_key > 1 AND NOT EXISTS (SELECT 1 FROM run WHERE run_key = NEW.run_key - 1)
BEGIN SELECT RAISE(ABORT, 'run: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER run_no_update BEFORE UPDATE ON run
BEGIN SELECT RAISE(ABORT, 'run is immutable'); END;
CREATE TRIGGER run_no_delete BEFORE DELETE ON run
BEGIN SELECT RAISE(ABORT, 'run is immutable'); END;

CREATE TRIGGER run_stage_once BEFORE INSERT ON run_stage
WHEN EXISTS (SELECT 1 FROM run_stage WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM run_stage WHERE run_key = NEW.run_key AND stage = NEW.stage)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER run_stage_in_order AFTER INSERT ON run_stage
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM run_stage WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'run_stage: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER run_stage_no_update BEFORE UPDATE ON run_stage
BEGIN SELECT RAISE(ABORT, 'run_stage is immutable'); END;
CREATE TRIGGER run_stage_no_delete BEFORE DELETE ON run_stage
BEGIN SELECT RAISE(ABORT, 'run_stage is immutable'); END;

CREATE TRIGGER environment_once BEFORE INSERT ON environment
WHEN EXISTS (SELECT 1 FROM environment WHERE environment_key = NEW.environment_key AND NEW.environment_key > 0)
  OR EXISTS (SELECT 1 FROM environment WHERE environment_id = NEW.environment_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER environment_in_order AFTER INSERT ON environment
WHEN NEW.environment_key < 1 OR NEW.environment_key > 1 AND NOT EXISTS (SELECT 1 FROM environment WHERE environment_key = NEW.environment_key - 1)
BEGIN SELECT RAISE(ABORT, 'environment: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER environment_no_update BEFORE UPDATE ON environment
BEGIN SELECT RAISE(ABORT, 'environment is immutable'); END;
CREATE TRIGGER environment_no_delete BEFORE DELETE ON environment
BEGIN SELECT RAISE(ABORT, 'environment is immutable'); END;

CREATE TRIGGER environment_item_once BEFORE INSERT ON environment_item
WHEN EXISTS (SELECT 1 FROM environment_item WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM environment_item WHERE environment_key = NEW.environment_key AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER environment_item_in_order AFTER INSERT ON environment_item
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM environment_item WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'environment_item: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER environment_item_no_update BEFORE UPDATE ON environment_item
BEGIN SELECT RAISE(ABORT, 'environment_item is immutable'); END;
CREATE TRIGGER environment_item_no_delete BEFORE DELETE ON environment_item
BEGIN SELECT RAISE(ABORT, 'environment_item is immutable'); END;

CREATE TRIGGER result_once BEFORE INSERT ON result
WHEN EXISTS (SELECT 1 FROM result WHERE result_key = NEW.result_key AND NEW.result_key > 0)
  OR EXISTS (SELECT 1 FROM result WHERE result_id = NEW.result_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_in_order AFTER INSERT ON result
WHEN NEW.result_key < 1 OR NEW.result_key > 1 AND NOT EXISTS (SELECT 1 FROM result WHERE result_key = NEW.result_key - 1)
BEGIN SELECT RAISE(ABORT, 'result: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_no_update BEFORE UPDATE ON result
BEGIN SELECT RAISE(ABORT, 'result is immutable'); END;
CREATE TRIGGER result_no_delete BEFORE DELETE ON result
BEGIN SELECT RAISE(ABORT, 'result is immutable'); END;

CREATE TRIGGER execution_once BEFORE INSERT ON execution
WHEN EXISTS (SELECT 1 FROM execution WHERE execution_key = NEW.execution_key AND NEW.execution_key > 0)
  OR EXISTS (SELECT 1 FROM execution WHERE execution_id = NEW.execution_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER execution_in_order AFTER INSERT ON execution
WHEN NEW.execution_key < 1 OR NEW.execution_key > 1 AND NOT EXISTS (SELECT 1 FROM execution WHERE execution_key = NEW.execution_key - 1)
BEGIN SELECT RAISE(ABORT, 'execution: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER execution_no_update BEFORE UPDATE ON execution
BEGIN SELECT RAISE(ABORT, 'execution is immutable'); END;
CREATE TRIGGER execution_no_delete BEFORE DELETE ON execution
BEGIN SELECT RAISE(ABORT, 'execution is immutable'); END;

CREATE TRIGGER execution_stage_once BEFORE INSERT ON execution_stage
WHEN EXISTS (SELECT 1 FROM execution_stage WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM execution_stage WHERE execution_key = NEW.execution_key AND stage = NEW.stage)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER execution_stage_in_order AFTER INSERT ON execution_stage
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM execution_stage WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'execution_stage: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER execution_stage_no_update BEFORE UPDATE ON execution_stage
BEGIN SELECT RAISE(ABORT, 'execution_stage is immutable'); END;
CREATE TRIGGER execution_stage_no_delete BEFORE DELETE ON execution_stage
BEGIN SELECT RAISE(ABORT, 'execution_stage is immutable'); END;

CREATE TRIGGER verification_once BEFORE INSERT ON verification
WHEN EXISTS (SELECT 1 FROM verification WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM verification WHERE execution_key = NEW.execution_key)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER verification_in_order AFTER INSERT ON verification
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM verification WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'verification: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER verification_no_update BEFORE UPDATE ON verification
BEGIN SELECT RAISE(ABORT, 'verification is immutable'); END;
CREATE TRIGGER verification_no_delete BEFORE DELETE ON verification
BEGIN SELECT RAISE(ABORT, 'verification is immutable'); END;

CREATE TRIGGER result_value_once BEFORE INSERT ON result_value
WHEN EXISTS (SELECT 1 FROM result_value WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_value WHERE result_key = NEW.result_key AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_value_in_order AFTER INSERT ON result_value
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_value WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_value: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_value_no_update BEFORE UPDATE ON result_value
BEGIN SELECT RAISE(ABORT, 'result_value is immutable'); END;
CREATE TRIGGER result_value_no_delete BEFORE DELETE ON result_value
BEGIN SELECT RAISE(ABORT, 'result_value is immutable'); END;

CREATE TRIGGER result_component_once BEFORE INSERT ON result_component
WHEN EXISTS (SELECT 1 FROM result_component WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_component WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_component_in_order AFTER INSERT ON result_component
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_component WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_component: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_component_no_update BEFORE UPDATE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;
CREATE TRIGGER result_component_no_delete BEFORE DELETE ON result_component
BEGIN SELECT RAISE(ABORT, 'result_component is immutable'); END;

CREATE TRIGGER result_warning_once BEFORE INSERT ON result_warning
WHEN EXISTS (SELECT 1 FROM result_warning WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_warning WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_warning_in_order AFTER INSERT ON result_warning
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_warning WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_warning: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_warning_no_update BEFORE UPDATE ON result_warning
BEGIN SELECT RAISE(ABORT, 'result_warning is immutable'); END;
CREATE TRIGGER result_warning_no_delete BEFORE DELETE ON result_warning
BEGIN SELECT RAISE(ABORT, 'result_warning is immutable'); END;

CREATE TRIGGER result_frame_once BEFORE INSERT ON result_frame
WHEN EXISTS (SELECT 1 FROM result_frame WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_frame WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_frame_in_order AFTER INSERT ON result_frame
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_frame WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_frame: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_frame_no_update BEFORE UPDATE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;
CREATE TRIGGER result_frame_no_delete BEFORE DELETE ON result_frame
BEGIN SELECT RAISE(ABORT, 'result_frame is immutable'); END;

CREATE TRIGGER cluster_once BEFORE INSERT ON cluster
WHEN EXISTS (SELECT 1 FROM cluster WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster WHERE result_key = NEW.result_key AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_in_order AFTER INSERT ON cluster
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_no_update BEFORE UPDATE ON cluster
BEGIN SELECT RAISE(ABORT, 'cluster is immutable'); END;
CREATE TRIGGER cluster_no_delete BEFORE DELETE ON cluster
BEGIN SELECT RAISE(ABORT, 'cluster is immutable'); END;

CREATE TRIGGER cluster_spectrum_once BEFORE INSERT ON cluster_spectrum
WHEN EXISTS (SELECT 1 FROM cluster_spectrum WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_spectrum WHERE result_key = NEW.result_key AND label = NEW.label AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_spectrum_in_order AFTER INSERT ON cluster_spectrum
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_spectrum WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_spectrum_no_update BEFORE UPDATE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;
CREATE TRIGGER cluster_spectrum_no_delete BEFORE DELETE ON cluster_spectrum
BEGIN SELECT RAISE(ABORT, 'cluster_spectrum is immutable'); END;

CREATE TRIGGER cluster_element_once BEFORE INSERT ON cluster_element
WHEN EXISTS (SELECT 1 FROM cluster_element WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_element WHERE result_key = NEW.result_key AND label = NEW.label AND symbol = NEW.symbol)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_element_in_order AFTER INSERT ON cluster_element
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_element WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_element: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_element_no_update BEFORE UPDATE ON cluster_element
BEGIN SELECT RAISE(ABORT, 'cluster_element is immutable'); END;
CREATE TRIGGER cluster_element_no_delete BEFORE DELETE ON cluster_element
BEGIN SELECT RAISE(ABORT, 'cluster_element is immutable'); END;

CREATE TRIGGER cluster_depth_once BEFORE INSERT ON cluster_depth
WHEN EXISTS (SELECT 1 FROM cluster_depth WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_depth WHERE result_key = NEW.result_key AND label = NEW.label AND bin = NEW.bin)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_depth_in_order AFTER INSERT ON cluster_depth
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_depth WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_depth: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_depth_no_update BEFORE UPDATE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;
CREATE TRIGGER cluster_depth_no_delete BEFORE DELETE ON cluster_depth
BEGIN SELECT RAISE(ABORT, 'cluster_depth is immutable'); END;

CREATE TRIGGER map_kind_once BEFORE INSERT ON map_kind
WHEN EXISTS (SELECT 1 FROM map_kind WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM map_kind WHERE kind = NEW.kind)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER map_kind_in_order AFTER INSERT ON map_kind
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM map_kind WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'map_kind: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER map_kind_no_update BEFORE UPDATE ON map_kind
BEGIN SELECT RAISE(ABORT, 'map_kind is immutable'); END;
CREATE TRIGGER map_kind_no_delete BEFORE DELETE ON map_kind
BEGIN SELECT RAISE(ABORT, 'map_kind is immutable'); END;

CREATE TRIGGER map_once BEFORE INSERT ON map
WHEN EXISTS (SELECT 1 FROM map WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM map WHERE result_key = NEW.result_key AND kind = NEW.kind)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER map_in_order AFTER INSERT ON map
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM map WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'map: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER map_no_update BEFORE UPDATE ON map
BEGIN SELECT RAISE(ABORT, 'map is immutable'); END;
CREATE TRIGGER map_no_delete BEFORE DELETE ON map
BEGIN SELECT RAISE(ABORT, 'map is immutable'); END;

CREATE TRIGGER event_kind_once BEFORE INSERT ON event_kind
WHEN EXISTS (SELECT 1 FROM event_kind WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM event_kind WHERE kind = NEW.kind)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER event_kind_in_order AFTER INSERT ON event_kind
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM event_kind WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'event_kind: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER event_kind_no_update BEFORE UPDATE ON event_kind
BEGIN SELECT RAISE(ABORT, 'event_kind is immutable'); END;
CREATE TRIGGER event_kind_no_delete BEFORE DELETE ON event_kind
BEGIN SELECT RAISE(ABORT, 'event_kind is immutable'); END;

CREATE TRIGGER event_once BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE event_key = NEW.event_key AND NEW.event_key > 0)
  OR EXISTS (SELECT 1 FROM event WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER event_in_order AFTER INSERT ON event
WHEN NEW.event_key < 1 OR NEW.event_key > 1 AND NOT EXISTS (SELECT 1 FROM event WHERE event_key = NEW.event_key - 1)
BEGIN SELECT RAISE(ABORT, 'event: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is immutable'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is immutable'); END;

CREATE TRIGGER event_predecessor_once BEFORE INSERT ON event_predecessor
WHEN EXISTS (SELECT 1 FROM event_predecessor WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM event_predecessor WHERE event_key = NEW.event_key AND predecessor_key = NEW.predecessor_key)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER event_predecessor_in_order AFTER INSERT ON event_predecessor
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM event_predecessor WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'event_predecessor: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER event_predecessor_no_update BEFORE UPDATE ON event_predecessor
BEGIN SELECT RAISE(ABORT, 'event_predecessor is immutable'); END;
CREATE TRIGGER event_predecessor_no_delete BEFORE DELETE ON event_predecessor
BEGIN SELECT RAISE(ABORT, 'event_predecessor is immutable'); END;

CREATE TRIGGER grdb_migrations_once BEFORE INSERT ON grdb_migrations
WHEN EXISTS (SELECT 1 FROM grdb_migrations WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM grdb_migrations WHERE identifier = NEW.identifier)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER grdb_migrations_in_order AFTER INSERT ON grdb_migrations
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM grdb_migrations WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'grdb_migrations: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER grdb_migrations_no_update BEFORE UPDATE ON grdb_migrations
BEGIN SELECT RAISE(ABORT, 'grdb_migrations is immutable'); END;
CREATE TRIGGER grdb_migrations_no_delete BEFORE DELETE ON grdb_migrations
BEGIN SELECT RAISE(ABORT, 'grdb_migrations is immutable'); END;
