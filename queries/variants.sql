-- Records that a merged catalog holds with other numbers: from another kind of processor, say.
--
-- The one that was here first is in the tables, and queries use it; the other is kept as a line of `lodestone export --all`
-- in the table `variant`. Of a result the run is named.
--
-- @kind text  What the record is: result, parameters, ...
-- @id text  The identity that it shares with a record in the tables.
-- @run_id text  The run of a result; null for other records.
-- @digest text  SHA-256 of the record.
SELECT variant.kind, variant.id, run.run_id, variant.digest
FROM variant
LEFT JOIN result ON variant.kind = 'result' AND result.result_id = variant.id
LEFT JOIN run ON run.run_key = result.run_key
ORDER BY variant.kind, variant.id, variant.digest;
