-- How old the numbers are by the wall clock: for people who watch; nothing is derived from it.
CREATE OR REPLACE VIEW freshness AS
SELECT
    topic, partition, through, _timestamp AS heard_at,
    greatest(0, dateDiff('millisecond', through, now64(3, 'UTC'))) AS age_ms,
    greatest(0, dateDiff('millisecond', _timestamp, now64(3, 'UTC'))) AS silent_ms
FROM progress_current;
