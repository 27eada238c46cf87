-- The edges of a run's clusters: how each mean spectrum is normalised, in numbers, and its white line.
--
-- The pre-edge line is pre_offset + pre_slope E; the post-edge polynomial is that of what lies above it, E in eV.
-- divisor is the edge step (OD), or for the convention area an integral (OD eV).
--
-- :run text  The run's id.
SELECT edge.label AS cluster, edge.symbol, edge.edge, edge.e0_ev, edge.derivative_ev,
  edge.white_line_ev, edge.white_line_height, edge.divisor, edge.divisor_error,
  edge.is_normalised, edge.convention, edge.pre_start_ev, edge.pre_end_ev, edge.pre_energies,
  edge.post_start_ev, edge.post_end_ev, edge.post_energies, edge.pre_offset, edge.pre_slope,
  edge.post_offset, edge.post_slope, edge.post_square, edge.post_cube
FROM run_overview_all AS run
JOIN cluster_edge AS edge ON edge.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY edge.label, edge.e0_ev;
