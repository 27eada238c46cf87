-- The edges of a run's clusters: how each mean spectrum is normalised, and its white line.
--
-- The pre-edge line is pre_offset + pre_slope E; the post-edge polynomial is that of what lies above it, E in eV.
-- divisor is the edge step (OD), or for the convention area an integral (OD eV).
--
-- :run text  The run's id.
-- @cluster integer  The cluster, 0 is the largest.
-- @symbol text  The element: Nd, Fe, ...
-- @edge text  Its edge: K, L3, ...
-- @e0_ev number (eV)  E0 that was used.
-- @derivative_ev number (eV)  Where the mean spectrum rises most; null where that is not to be seen.
-- @white_line_ev number (eV)  Energy of the peak behind the edge; null where there is none.
-- @white_line_height number  Height of that peak, in edge steps; null where there is none.
-- @divisor number  What the spectrum is divided by: the edge step in OD, or for the convention area an integral in OD eV.
-- @divisor_error number  Standard error of the divisor, in its unit.
-- @is_normalised integer  Whether the spectrum is divided: 1, or 0 where the divisor is below 3 standard errors.
-- @convention text  How it is normalised: larch, textbook, area, two_means or none.
-- @pre_start_ev number (eV)  Where the pre-edge window begins.
-- @pre_end_ev number (eV)  Where the pre-edge window ends.
-- @pre_energies integer  Energies in the pre-edge window.
-- @post_start_ev number (eV)  Where the post-edge window, or the range of the area, begins.
-- @post_end_ev number (eV)  Where the post-edge window, or the range of the area, ends.
-- @post_energies integer  Energies in the post-edge window.
-- @pre_offset number (OD)  The pre-edge line at 0 eV.
-- @pre_slope number (OD/eV)  The pre-edge line's slope.
-- @post_offset number (OD)  The post-edge polynomial of what lies above the line, at 0 eV; null where the convention has none.
-- @post_slope number (OD/eV)  Linear coefficient of the post-edge polynomial; null where its degree is lower.
-- @post_square number (OD/eV2)  Quadratic coefficient of the post-edge polynomial; null where its degree is lower.
-- @post_cube number (OD/eV3)  Cubic coefficient of the post-edge polynomial; null where its degree is lower.
SELECT edge.label AS cluster, edge.symbol, edge.edge, edge.e0_ev, edge.derivative_ev,
  edge.white_line_ev, edge.white_line_height, edge.divisor, edge.divisor_error,
  edge.is_normalised, edge.convention, edge.pre_start_ev, edge.pre_end_ev, edge.pre_energies,
  edge.post_start_ev, edge.post_end_ev, edge.post_energies, edge.pre_offset, edge.pre_slope,
  edge.post_offset, edge.post_slope, edge.post_square, edge.post_cube
FROM run_overview_all AS run
JOIN cluster_edge AS edge ON edge.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY edge.label, edge.e0_ev;
