-- v005: questions. Phases across results, spatial blocks for the uncertainty within a scan, and where each parameter's
-- value came from.

PRAGMA user_version = 5;

CREATE TABLE cluster_block (
  -- How much of a cluster lies in each part of the sample: the analysed pixels are halved along their longer side until there are 16 blocks of equal size. None for results of before version 5 of the schema.
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  label INTEGER NOT NULL CHECK (label >= -1), -- the cluster; -1 is noise
  block INTEGER NOT NULL CHECK (block >= 0), -- the block
  pixels INTEGER NOT NULL CHECK (pixels > 0), -- how many pixels
  surface_pixels INTEGER NOT NULL CHECK (surface_pixels BETWEEN 0 AND pixels), -- those in pieces of the cluster that touch the surface
  PRIMARY KEY (result_key, label, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_block_depth (
  -- The pixels of each block by depth, in bins that widen with it: bin 0 is the first of cluster_depth, 1 the second, and from 2 on there are two to each doubling (2, 3, 4 and 5, 6 and 7, 8 to 11, ...).
  result_key INTEGER NOT NULL REFERENCES result, -- the result
  label INTEGER NOT NULL CHECK (label >= -1), -- the cluster; -1 is noise
  block INTEGER NOT NULL CHECK (block >= 0), -- the block
  bin INTEGER NOT NULL CHECK (bin >= 0), -- the bin: see block_overview for where it begins
  pixels INTEGER NOT NULL CHECK (pixels > 0), -- how many pixels
  PRIMARY KEY (result_key, label, block, bin)
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_estimate (
  -- Numbers of a cluster with the standard error that its own variation over the sample leaves: by leaving out one block after the other.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  quantity TEXT NOT NULL CHECK (length(quantity) > 0), -- share, layer_thickness_px, Nd.atomic_fraction, Fe-K.derivative_ev, ...
  value REAL NOT NULL, -- of the whole cluster
  error REAL CHECK (error >= 0), -- its standard error (jackknife); null where some block is all there is
  PRIMARY KEY (result_key, label, quantity),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT, WITHOUT ROWID;

CREATE TABLE execution_parameter (
  -- Where the parameters of an execution came from, but for those that nobody gave; none for executions of before version 5 of the schema.
  execution_key INTEGER NOT NULL REFERENCES execution, -- the execution
  name TEXT NOT NULL CHECK (length(name) > 0), -- the parameter
  origin TEXT NOT NULL CHECK (origin IN ('recipe', 'command line')), -- what gave its value
  source TEXT, -- the recipe's name or file, or the option
  PRIMARY KEY (execution_key, name)
) STRICT;

CREATE TABLE phase_condition (
  -- The conditions of a phase, as the event that defines it says them: a cluster must meet all of them.
  event_key INTEGER NOT NULL REFERENCES event, -- the event
  number INTEGER NOT NULL CHECK (number > 0), -- from 1
  quantity TEXT, -- the cluster's number that has bounds, as in an address; null for a distance
  low REAL, -- its least value; null for none
  high REAL, -- its largest value; null for none
  reference_spectrum_id TEXT, -- the spectrum whose distance counts; null for none
  run_id TEXT, -- the run of the cluster whose distance counts; null for none
  label INTEGER, -- that cluster
  name TEXT, -- what the spectrum is called
  within REAL CHECK (within > 0), -- the largest distance
  PRIMARY KEY (event_key, number),
  CHECK ((quantity IS NOT NULL) + (reference_spectrum_id IS NOT NULL) + (run_id IS NOT NULL) = 1),
  CHECK (quantity IS NOT NULL OR within IS NOT NULL)
) STRICT;

CREATE TABLE phase_score (
  -- Which phase each cluster of a run belongs to, as an event says it.
  event_key INTEGER NOT NULL REFERENCES event, -- the event
  label INTEGER NOT NULL CHECK (label >= 0), -- the cluster
  outcome TEXT NOT NULL CHECK (outcome IN ('assigned', 'ambiguous', 'none')), -- what was decided
  phase TEXT, -- the phase that fits best; null where none fits at all
  score REAL CHECK (score BETWEEN 0 AND 1), -- how well; null where it was assigned by hand
  margin REAL CHECK (margin BETWEEN 0 AND 1), -- how far ahead of the second best; null where it was assigned by hand
  second TEXT, -- the phase that fits second best; null where that is none of them
  definition_id TEXT, -- the event that defines the phase; null where it was assigned by hand
  PRIMARY KEY (event_key, label)
) STRICT;

INSERT INTO event_kind VALUES
  ('phase.define', 'the subject is a phase, whose meaning is its name and whose conditions are its value (JSON)'),
  ('phase.remove', 'it is no more'),
  ('phase.assign', 'the clusters of the run, in the result that is its name, belong to the phases that its value says (JSON), by their rules or by hand');

-- From a file, or its content, to the scans that it was part of.
CREATE INDEX source_file_by_path ON source_file (path);
CREATE INDEX source_file_by_sha256 ON source_file (sha256);

-- As before, without min(a, b), which means something else in DuckDB: there, a view that it cannot run makes text of every view above it.
DROP VIEW current_result;
CREATE VIEW current_result AS
-- The result that queries use: the first stored of each run, here or in a merged catalog. Further ones are in run_reproducibility.
SELECT
  result.* -- as in the table
FROM result
WHERE NOT EXISTS (
  SELECT 1 FROM result AS other
  WHERE other.run_key = result.run_key AND other.result_key <> result.result_key
    AND (coalesce((SELECT min(recorded_at) FROM earlier_time WHERE kind = 'result' AND id = other.result_id AND recorded_at < other.recorded_at), other.recorded_at), other.result_id)
      < (coalesce((SELECT min(recorded_at) FROM earlier_time WHERE kind = 'result' AND id = result.result_id AND recorded_at < result.recorded_at), result.recorded_at), result.result_id));

CREATE VIEW phase AS
-- The phases: the last word on each.
SELECT
  latest.subject AS phase, -- its name
  latest.name AS meaning, -- what it is, in words; null where nobody said
  latest.value AS rule, -- its conditions, JSON: see phase_rule
  latest.event_id AS definition_id, -- the event that defines it
  latest.author, -- who defined it
  latest.recorded_at, -- when
  latest.event_key -- joins tables
FROM event AS latest
WHERE latest.kind = 'phase.define' AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind IN ('phase.define', 'phase.remove')
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW phase_rule AS
-- The conditions of each phase: a cluster must meet all of them.
SELECT
  phase.phase, -- the phase
  condition.number, -- from 1
  condition.quantity, -- the cluster's number that has bounds; null for a distance
  condition.low, -- its least value; null for none
  condition.high, -- its largest value; null for none
  condition.reference_spectrum_id AS spectrum_id, -- the reference spectrum whose distance counts; null for none
  condition.run_id, -- the run of the cluster whose distance counts; null for none
  condition.label, -- that cluster
  condition.name, -- what the reference is called
  condition.within -- the largest distance
FROM phase
JOIN phase_condition AS condition ON condition.event_key = phase.event_key;

CREATE VIEW phase_assignment AS
-- Which phase each cluster belongs to: the last word on each run.
SELECT
  latest.subject AS run_id, -- the run
  latest.name AS result_id, -- the result whose clusters these are
  part.label, -- the cluster
  part.outcome, -- assigned, ambiguous (near the limit, or two phases fit alike), or none
  part.phase, -- the phase that fits best; null where none fits at all
  part.score, -- how well, 0 to 1: 0.5 is the limit
  part.margin, -- how far ahead of the second best, none of them included
  part.second, -- the phase that fits second best; null where that is none of them
  part.definition_id, -- the event that defines the phase; null where it was assigned by hand
  latest.event_id, -- the event that says so
  latest.author, -- whose program or hand it was
  latest.recorded_at -- when
FROM event AS latest
JOIN phase_score AS part ON part.event_key = latest.event_key
WHERE latest.kind = 'phase.assign' AND NOT EXISTS (
  SELECT 1 FROM event AS later
  WHERE later.subject = latest.subject AND later.kind = 'phase.assign'
    AND (later.recorded_at, later.event_id) > (latest.recorded_at, latest.event_id));

CREATE VIEW phase_overview AS
-- A line for each cluster of each run that counts, with its phase.
SELECT
  cluster.run_id, -- the run
  cluster.sample, -- the sample
  cluster.scan_id, -- the scan
  cluster.label, -- the cluster, 0 is the largest
  CASE assignment.outcome WHEN 'assigned' THEN assignment.phase END AS phase, -- its phase; null where it is ambiguous, or none fits
  assignment.outcome, -- assigned, ambiguous or none; null where no phase was defined when the run was stored
  assignment.score, -- how well the phase fits, 0 to 1
  assignment.margin, -- how far ahead of the second best
  cluster.pixels, -- with those that the flood added
  cluster.share, -- of the analysed pixels, noise included
  cluster.area_um2, -- null where the pixel size is not known
  cluster.nd_fraction, -- Nd / (Nd + Fe) by atoms, of the elements fitted
  cluster.nd_fraction_error -- its standard error, from the fit alone
FROM cluster_overview AS cluster
LEFT JOIN phase_assignment AS assignment
  ON assignment.run_id = cluster.run_id AND assignment.label = cluster.label
  AND assignment.result_id = cluster.result_id;

CREATE VIEW estimate_overview AS
-- Numbers of each cluster of each run that counts, with their standard errors by spatial blocks.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  estimate.label, -- the cluster
  estimate.quantity, -- share, layer_thickness_px, Nd.atomic_fraction, ...
  estimate.value, -- of the whole cluster
  estimate.error -- its standard error
FROM run_overview AS run
JOIN cluster_estimate AS estimate ON estimate.result_key = run.result_key;

CREATE VIEW block_overview AS
-- Pixels by block and depth, of each cluster and of noise (-1), of each run that counts.
SELECT
  run.run_id, -- the run
  run.sample, -- the sample
  block.label, -- the cluster; -1 is noise
  block.block, -- the block
  block.bin, -- the bin
  (CASE WHEN block.bin < 2 THEN block.bin ELSE (2 + block.bin % 2) << ((block.bin >> 1) - 1) END) * run.depth_bin_px AS depth_px, -- where it begins
  block.pixels -- how many pixels
FROM run_overview AS run
JOIN cluster_block_depth AS block ON block.result_key = run.result_key;

DROP VIEW parameter_overview;
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
  parameter.is_default, -- 1 where the value is the program's default
  coalesce(given.origin, CASE parameter.is_default WHEN 1 THEN 'default' ELSE 'given' END) AS origin, -- default, recipe, command line, or given where that is not known; of the first execution
  given.source -- the recipe's name or file, or the option; null elsewhere
FROM run
JOIN parameter_set ON parameter_set.parameters_key = run.parameters_key
JOIN parameter ON parameter.parameters_key = run.parameters_key
LEFT JOIN execution_parameter AS given
  ON given.name = parameter.name AND given.execution_key = (
    SELECT min(execution_key) FROM execution WHERE execution.run_key = run.run_key);

DROP VIEW event_overview;
CREATE VIEW event_overview AS
-- Everything that people said, with the events that each followed.
SELECT
  event.event_id, -- the event
  event.kind, -- what it says: see the table event_kind
  event.subject_kind, -- scan, run, sample or phase
  event.subject, -- its id or name
  event.name, -- of a tag or an attribute; a phase's meaning; the result of an assignment
  event.value, -- the sample, the attribute's value, the remark, the reason, or a phase's rule
  event.author, -- who said it
  event.recorded_at, -- when
  (SELECT group_concat(previous.event_id, ' ') FROM event_predecessor
   JOIN event AS previous ON previous.event_key = event_predecessor.predecessor_key
   WHERE event_predecessor.event_key = event.event_key) AS predecessors -- the ids of the events before it
FROM event;

-- A result's rows are written with it, and never after.

CREATE TRIGGER cluster_block_once BEFORE INSERT ON cluster_block
WHEN EXISTS (SELECT 1 FROM cluster_block WHERE result_key = NEW.result_key AND label = NEW.label AND block = NEW.block)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_block_in_order AFTER INSERT ON cluster_block
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'cluster_block: rows are written with their result'); END;
CREATE TRIGGER cluster_block_no_update BEFORE UPDATE ON cluster_block
BEGIN SELECT RAISE(ABORT, 'cluster_block is immutable'); END;
CREATE TRIGGER cluster_block_no_delete BEFORE DELETE ON cluster_block
BEGIN SELECT RAISE(ABORT, 'cluster_block is immutable'); END;

CREATE TRIGGER cluster_block_depth_once BEFORE INSERT ON cluster_block_depth
WHEN EXISTS (SELECT 1 FROM cluster_block_depth WHERE result_key = NEW.result_key AND label = NEW.label AND block = NEW.block AND bin = NEW.bin)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_block_depth_in_order AFTER INSERT ON cluster_block_depth
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'cluster_block_depth: rows are written with their result'); END;
CREATE TRIGGER cluster_block_depth_no_update BEFORE UPDATE ON cluster_block_depth
BEGIN SELECT RAISE(ABORT, 'cluster_block_depth is immutable'); END;
CREATE TRIGGER cluster_block_depth_no_delete BEFORE DELETE ON cluster_block_depth
BEGIN SELECT RAISE(ABORT, 'cluster_block_depth is immutable'); END;

CREATE TRIGGER cluster_estimate_once BEFORE INSERT ON cluster_estimate
WHEN EXISTS (SELECT 1 FROM cluster_estimate WHERE result_key = NEW.result_key AND label = NEW.label AND quantity = NEW.quantity)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_estimate_in_order AFTER INSERT ON cluster_estimate
WHEN NEW.result_key <> (SELECT max(result_key) FROM result)
BEGIN SELECT RAISE(ABORT, 'cluster_estimate: rows are written with their result'); END;
CREATE TRIGGER cluster_estimate_no_update BEFORE UPDATE ON cluster_estimate
BEGIN SELECT RAISE(ABORT, 'cluster_estimate is immutable'); END;
CREATE TRIGGER cluster_estimate_no_delete BEFORE DELETE ON cluster_estimate
BEGIN SELECT RAISE(ABORT, 'cluster_estimate is immutable'); END;

CREATE TRIGGER execution_parameter_once BEFORE INSERT ON execution_parameter
WHEN EXISTS (SELECT 1 FROM execution_parameter WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM execution_parameter WHERE execution_key = NEW.execution_key AND name = NEW.name)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER execution_parameter_in_order AFTER INSERT ON execution_parameter
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM execution_parameter WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'execution_parameter: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER execution_parameter_no_update BEFORE UPDATE ON execution_parameter
BEGIN SELECT RAISE(ABORT, 'execution_parameter is immutable'); END;
CREATE TRIGGER execution_parameter_no_delete BEFORE DELETE ON execution_parameter
BEGIN SELECT RAISE(ABORT, 'execution_parameter is immutable'); END;

CREATE TRIGGER phase_condition_once BEFORE INSERT ON phase_condition
WHEN EXISTS (SELECT 1 FROM phase_condition WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM phase_condition WHERE event_key = NEW.event_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER phase_condition_in_order AFTER INSERT ON phase_condition
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM phase_condition WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'phase_condition: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER phase_condition_no_update BEFORE UPDATE ON phase_condition
BEGIN SELECT RAISE(ABORT, 'phase_condition is immutable'); END;
CREATE TRIGGER phase_condition_no_delete BEFORE DELETE ON phase_condition
BEGIN SELECT RAISE(ABORT, 'phase_condition is immutable'); END;

CREATE TRIGGER phase_score_once BEFORE INSERT ON phase_score
WHEN EXISTS (SELECT 1 FROM phase_score WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM phase_score WHERE event_key = NEW.event_key AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER phase_score_in_order AFTER INSERT ON phase_score
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM phase_score WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'phase_score: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER phase_score_no_update BEFORE UPDATE ON phase_score
BEGIN SELECT RAISE(ABORT, 'phase_score is immutable'); END;
CREATE TRIGGER phase_score_no_delete BEFORE DELETE ON phase_score
BEGIN SELECT RAISE(ABORT, 'phase_score is immutable'); END;
