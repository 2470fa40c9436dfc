-- Of the same heartbeat received twice the earliest arrival counts (semantics §1): the copies that came later.
CREATE OR REPLACE TEMPORARY TABLE audit_late_copies AS
WITH
    said AS
    (
        SELECT
            *, cityHash64(location_id, device_id, occurred_at) AS instant,
            if(received_at > addMilliseconds(occurred_at, {lag_ms:Int64}) AND NOT buffered, received_at, occurred_at) AS at
        FROM heartbeats_accepted
        WHERE location_id BETWEEN {first:String} AND {last:String}
    )
SELECT _partition AS partition, _offset AS offset
FROM
(
    SELECT
        _partition, _offset, at,
        min(at) OVER (PARTITION BY location_id, device_id, occurred_at, status, interval_ms, collector_id) AS earliest
    FROM said
    WHERE instant IN (SELECT instant FROM said WHERE at != occurred_at)
)
WHERE at > earliest
