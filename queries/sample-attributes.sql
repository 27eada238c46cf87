-- What is known of each sample, an attribute a line.
SELECT sample, name, value, author, recorded_at
FROM sample_attribute
ORDER BY sample, name;
