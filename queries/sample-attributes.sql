-- What is known of each sample, an attribute a line.
--
-- @sample text  The sample.
-- @name text  The attribute.
-- @value text  The last word on it.
-- @author text  Who said it.
-- @recorded_at text  When it was said, UTC.
SELECT sample, name, value, author, recorded_at
FROM sample_attribute
ORDER BY sample, name;
