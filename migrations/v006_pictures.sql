-- v006: pictures. What a result's pixels absorb, so that it can be looked at without the scan's files.

PRAGMA user_version = 6;

INSERT INTO map_kind VALUES
  ('od', 'float32', 'the mean optical density over the energies, in steps below its noise; not a number where some frame does not show the pixel; none for results of before version 6 of the schema'),
  ('edge_step', 'float32', 'the edge step, OD, at each measured edge in order of energy, a page of its name an edge, in steps below its noise; not a number where some frame does not show the pixel');
