-- Stream time (semantics §3): a partition's newest tick, or its newest event where no collector ever ticked.
CREATE OR REPLACE TEMPORARY TABLE audit_partitions AS
WITH
    ticking AS
    (
        SELECT _partition AS partition, min(occurred_at) AS first, max(occurred_at) AS newest
        FROM ticks_accepted GROUP BY partition
    )
SELECT partition, toUnixTimestamp64Milli(newest) AS through, toUnixTimestamp64Milli(first) AS first_tick FROM ticking
UNION ALL
SELECT
    _partition,
    toUnixTimestamp64Milli(max(
        if(received_at > addMilliseconds(occurred_at, {lag_ms:Int64}) AND NOT buffered, received_at, occurred_at))),
    {never:Int64}
FROM heartbeats_accepted
WHERE _partition NOT IN (SELECT partition FROM ticking)
GROUP BY _partition
