-- Of the same heartbeat received twice the earliest arrival counts (semantics §1): the copies that came later. Only
-- a sample that is taken at its arrival can have an earlier one, so only the instants of such samples are looked
-- at.
CREATE OR REPLACE TEMPORARY TABLE audit_late_copies AS
WITH late AS
(
    SELECT cityHash64(location_id, device_id, occurred_at)
    FROM heartbeats_archived
    WHERE location_id BETWEEN {first:String} AND {last:String}
        AND received_at > addMilliseconds(occurred_at, {lag_ms:Int64}) AND NOT buffered
)
SELECT _partition AS partition, _offset AS offset
FROM
(
    SELECT
        _partition, _offset,
        if(received_at > addMilliseconds(occurred_at, {lag_ms:Int64}) AND NOT buffered, received_at, occurred_at) AS at,
        min(at) OVER (PARTITION BY location_id, device_id, occurred_at, status, interval_ms, collector_id) AS earliest
    FROM heartbeats_accepted
    WHERE location_id BETWEEN {first:String} AND {last:String}
        AND cityHash64(location_id, device_id, occurred_at) IN (late)
)
WHERE at > earliest
