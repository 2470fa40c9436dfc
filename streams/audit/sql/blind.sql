-- When a collector was blind (semantics §3): from a tick to its next one, if that came more than `blind_after`
-- later; from its newest tick on, without end, once stream time is more than that past it.
CREATE OR REPLACE TEMPORARY TABLE audit_blind AS
SELECT partition, collector_id, arraySort(groupArray((tick, next_tick))) AS blind
FROM
(
    SELECT
        _partition AS partition, collector_id, toUnixTimestamp64Milli(occurred_at) AS tick,
        leadInFrame(tick, 1, {never:Int64}) OVER
            (PARTITION BY _partition, collector_id ORDER BY occurred_at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_tick
    FROM ticks_accepted
) AS gap
INNER JOIN audit_partitions AS p USING (partition)
WHERE least(next_tick, through) - tick > {blind_after_ms:Int64}
GROUP BY partition, collector_id
