-- Each frame of a run: its drift against the lowest energy, and what was altered.
--
-- residual is the share of the frame's variance that the other frames do not explain once they are
-- registered; altered pixels were saturated, outliers among their neighbours (hot), or not measured
-- (dead, no light).
--
-- :run text  The run's id.
-- @energy_ev number (eV)  The frame's energy.
-- @dy_px number (px)  Displacement against the lowest energy, + is down.
-- @dx_px number (px)  Displacement against the lowest energy, + is right.
-- @scale number  Magnification against the lowest energy.
-- @residual number  Share of the frame's variance that the other frames do not explain once they are registered; null where drift was not measured.
-- @altered_pixels integer (px)  Pixels whose value was replaced.
-- @saturated_pixels integer (px)  Pixels that were saturated, in the frame or its reference; null in results of before version 2 of the schema.
-- @outlier_pixels integer (px)  Pixels that were far from their neighbours (hot); null in results of before version 2 of the schema.
-- @unmeasured_pixels integer (px)  Pixels where nothing was measured: dead, no light, too little reference; null in results of before version 2 of the schema.
-- @empty_field_od number (OD)  Level of the empty field that was subtracted; null where none was found.
SELECT frame.energy_ev, frame.drift_dy_px AS dy_px, frame.drift_dx_px AS dx_px, frame.scale,
  frame.residual, frame.altered_pixels, frame.saturated_pixels, frame.outlier_pixels,
  frame.unmeasured_pixels, frame.empty_field_od
FROM run_overview_all AS run
JOIN result_frame AS frame ON frame.result_key = run.result_key
WHERE run.run_id = :run
ORDER BY frame.number;
