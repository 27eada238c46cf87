-- Each frame of a run: its drift against the lowest energy (+ is down and right) and what was altered.
--
-- residual is the share of the frame's variance that the other frames do not explain once they are
-- registered; altered pixels were saturated, outliers among their neighbours (hot), or not measured
-- (dead, no light).
--
-- :run text  The run's id.
SELECT frame.energy_ev, frame.drift_dy_px AS dy_px, frame.drift_dx_px AS dx_px, frame.scale,
  frame.residual, frame.altered_pixels, frame.saturated_pixels, frame.outlier_pixels,
  frame.unmeasured_pixels, frame.empty_field_od
FROM run_overview_all AS run
JOIN result_frame AS frame ON frame.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY frame.number;
