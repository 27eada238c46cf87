-- The conditions of each phase: a cluster must meet all of them.
--
-- A condition gives bounds of a quantity, or the largest distance from a reference spectrum or from a cluster of a run.
--
-- @phase text  The phase.
-- @number integer  The condition's number, from 1.
-- @quantity text  The quantity of a cluster that has bounds; null for a distance.
-- @low number  Its least value, in the quantity's unit; null where there is none.
-- @high number  Its largest value, in the quantity's unit; null where there is none.
-- @within number  The largest distance; null for bounds.
-- @spectrum_id text  The reference spectrum that the distance is from; null where it is from none.
-- @run_id text  The run of the cluster that the distance is from; null where it is from none.
-- @cluster integer  That cluster; null where the distance is from none.
-- @name text  What the reference is called; null where it has no name.
SELECT phase, number, quantity, low, high, within, spectrum_id, run_id, label AS cluster, name
FROM phase_rule
ORDER BY phase, number;
