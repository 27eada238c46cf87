-- The runs that do not count, and why.
SELECT run.run_id, run.sample, retraction.subject_kind, retraction.reason, retraction.author,
  retraction.recorded_at
FROM retraction
JOIN run_overview_all AS run ON retraction.subject IN (run.run_id, run.scan_id)
ORDER BY retraction.recorded_at, run.run_id;
