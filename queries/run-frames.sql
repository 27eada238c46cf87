-- Each frame of a run: its drift against the lowest energy (+ is down and right) and what was altered.
--
-- :run text  The run's id.
SELECT frame.energy_ev, frame.drift_dy_px AS dy_px, frame.drift_dx_px AS dx_px, frame.scale,
  frame.altered_pixels, frame.empty_field_od
FROM result_frame AS frame
JOIN run_overview AS run ON run.result_id = frame.result_id
WHERE run.run_id = :run
ORDER BY frame.number;
