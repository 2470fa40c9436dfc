-- How long the samples of a location held, and for which time they spoke: runs of equal holds of each device.
CREATE OR REPLACE TEMPORARY TABLE audit_holds AS
WITH
    pieces AS
    (
        SELECT location_id, device_id, plain_from AS since, at AS until, plain_hold_ms AS hold_ms
        FROM audit_samples WHERE plain_from < at
        UNION ALL
        SELECT location_id, device_id, at, until, hold_ms FROM audit_samples
    ),
    numbered AS
    (
        SELECT *, sum(is_new) OVER (PARTITION BY location_id, device_id ORDER BY since ROWS UNBOUNDED PRECEDING) AS run
        FROM
        (
            SELECT *, hold_ms != lagInFrame(hold_ms, 1, -1) OVER
                (PARTITION BY location_id, device_id ORDER BY since ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS is_new
            FROM pieces
        )
    ),
    runs AS
    (
        SELECT location_id, device_id, hold_ms, min(since) AS since, max(until) AS until
        FROM numbered
        WHERE hold_ms > 0
        GROUP BY location_id, device_id, hold_ms, run
    )
SELECT r.location_id AS location_id, greatest(r.since, p.since) AS since, least(r.until, p.until) AS until, r.hold_ms AS hold_ms
FROM runs AS r
INNER JOIN audit_presence AS p ON p.location_id = r.location_id AND p.device_id = r.device_id
WHERE greatest(r.since, p.since) < least(r.until, p.until)
