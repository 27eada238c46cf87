-- v002: oblong pixels, how well each frame was measured, what touches the surface, and the map of the mask.
--
-- New tables, not columns: rows of before stay as they are, and what they lack is not made up.

PRAGMA user_version = 2;

CREATE TABLE oblong_pixel (
  -- The sides of a scan's pixels where they differ: scan.pixel_size_um is the smaller.
  scan_key INTEGER NOT NULL UNIQUE REFERENCES scan, -- the scan
  height_um REAL NOT NULL CHECK (height_um > 0), -- a pixel's height at the lowest energy
  width_um REAL NOT NULL CHECK (width_um > 0 AND width_um <> height_um) -- its width
) STRICT;

CREATE TABLE result_frame_quality (
  -- How well each frame was measured; none for results of before version 2 of the schema.
  result_key INTEGER NOT NULL, -- the result
  number INTEGER NOT NULL, -- by energy, from 0
  residual REAL CHECK (residual BETWEEN 0 AND 1), -- the share of the frame's variance that the other frames do not explain once they are registered; null where drift was not measured
  saturated_pixels INTEGER NOT NULL CHECK (saturated_pixels >= 0), -- altered because the detector was saturated, in the frame or its reference
  outlier_pixels INTEGER NOT NULL CHECK (outlier_pixels >= 0), -- altered because they were far from their neighbours: hot pixels
  unmeasured_pixels INTEGER NOT NULL CHECK (unmeasured_pixels >= 0), -- altered because nothing was measured: dead pixels, no light, too little reference
  PRIMARY KEY (result_key, number),
  FOREIGN KEY (result_key, number) REFERENCES result_frame
) STRICT;

CREATE TABLE cluster_surface (
  -- The pieces of each cluster that touch the surface; none where there is no empty field.
  result_key INTEGER NOT NULL, -- the result
  label INTEGER NOT NULL, -- the cluster
  pieces INTEGER NOT NULL, -- pieces of the cluster, connected by sides
  surface_pieces INTEGER NOT NULL CHECK (surface_pieces BETWEEN 0 AND pieces), -- those with a pixel beside the empty field
  surface_pixels INTEGER NOT NULL CHECK (surface_pixels >= surface_pieces), -- the pixels of those pieces
  surface_area_um2 REAL CHECK (surface_area_um2 >= 0), -- their area; null where the pixel size is not known
  PRIMARY KEY (result_key, label),
  FOREIGN KEY (result_key, label) REFERENCES cluster
) STRICT;

INSERT INTO map_kind VALUES
  ('mask', 'int16', 'where sample is: 1 sample, 0 empty field, 2 a pore enclosed in sample, -2 not seen in every frame');

CREATE TRIGGER oblong_pixel_once BEFORE INSERT ON oblong_pixel
WHEN EXISTS (SELECT 1 FROM oblong_pixel WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM oblong_pixel WHERE scan_key = NEW.scan_key)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER oblong_pixel_in_order AFTER INSERT ON oblong_pixel
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM oblong_pixel WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'oblong_pixel: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER oblong_pixel_no_update BEFORE UPDATE ON oblong_pixel
BEGIN SELECT RAISE(ABORT, 'oblong_pixel is immutable'); END;
CREATE TRIGGER oblong_pixel_no_delete BEFORE DELETE ON oblong_pixel
BEGIN SELECT RAISE(ABORT, 'oblong_pixel is immutable'); END;

CREATE TRIGGER result_frame_quality_once BEFORE INSERT ON result_frame_quality
WHEN EXISTS (SELECT 1 FROM result_frame_quality WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM result_frame_quality WHERE result_key = NEW.result_key AND number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER result_frame_quality_in_order AFTER INSERT ON result_frame_quality
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM result_frame_quality WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'result_frame_quality: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER result_frame_quality_no_update BEFORE UPDATE ON result_frame_quality
BEGIN SELECT RAISE(ABORT, 'result_frame_quality is immutable'); END;
CREATE TRIGGER result_frame_quality_no_delete BEFORE DELETE ON result_frame_quality
BEGIN SELECT RAISE(ABORT, 'result_frame_quality is immutable'); END;

CREATE TRIGGER cluster_surface_once BEFORE INSERT ON cluster_surface
WHEN EXISTS (SELECT 1 FROM cluster_surface WHERE rowid = NEW.rowid AND NEW.rowid > 0)
  OR EXISTS (SELECT 1 FROM cluster_surface WHERE result_key = NEW.result_key AND label = NEW.label)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER cluster_surface_in_order AFTER INSERT ON cluster_surface
WHEN NEW.rowid < 1 OR NEW.rowid > 1 AND NOT EXISTS (SELECT 1 FROM cluster_surface WHERE rowid = NEW.rowid - 1)
BEGIN SELECT RAISE(ABORT, 'cluster_surface: rows are numbered from 1 without gaps'); END;
CREATE TRIGGER cluster_surface_no_update BEFORE UPDATE ON cluster_surface
BEGIN SELECT RAISE(ABORT, 'cluster_surface is immutable'); END;
CREATE TRIGGER cluster_surface_no_delete BEFORE DELETE ON cluster_surface
BEGIN SELECT RAISE(ABORT, 'cluster_surface is immutable'); END;
