-- The samples that need a closer look, each with its neighbours in time. Left out is what is plain: an `up` sample,
-- alone at its instant, whose hold the next sample meets and that says the same about the interval. Until that next
-- one the device is up.
CREATE OR REPLACE TEMPORARY TABLE audit_marks AS
WITH
    (SELECT min(missed_heartbeats) FROM audit_terms) AS fewest_missed,
    (
        SELECT least(
            (SELECT min(default_interval_ms) FROM audit_terms),
            (SELECT ifNull(min(interval_ms), {never:Int64}) FROM audit_versions))
    ) AS shortest_unsaid,
    (
        SELECT groupUniqArray(since)
        FROM
        (
            SELECT since, (missed_heartbeats, default_interval_ms) AS numbers,
                   lagInFrame(numbers, 1, numbers) OVER
                       (PARTITION BY location_id ORDER BY since ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
            FROM audit_location_terms
        )
        WHERE numbers != before
    ) AS changes,
    multiIf(interval_ms > 0, interval_ms, interval_ms = -1, shortest_unsaid, 0) * (2 * fewest_missed + 1) DIV 2 AS shortest_hold
SELECT *
FROM
(
    SELECT
        location_id, device_id, status = 'up' AS up, interval_ms, collector_id,
        toUnixTimestamp64Milli(
            if(received_at > addMilliseconds(occurred_at, {lag_ms:Int64}) AND NOT buffered, received_at, occurred_at)) AS at,
        leadInFrame(at, 1, {never:Int64}) OVER neighbours AS next_at,
        lagInFrame(at, 1, {always:Int64}) OVER neighbours AS last_at,
        leadInFrame(interval_ms) OVER neighbours AS next_interval_ms,
        lagInFrame(interval_ms) OVER neighbours AS last_interval_ms
    FROM heartbeats_accepted
    WHERE location_id BETWEEN {first:String} AND {last:String}
        AND (received_at <= occurred_at OR (_partition, _offset) NOT IN (SELECT partition, offset FROM audit_late_copies))
    WINDOW neighbours AS (PARTITION BY location_id, device_id ORDER BY at ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
)
WHERE NOT (up AND at > last_at AND next_at > at AND next_at - at <= shortest_hold AND next_interval_ms = interval_ms)
    OR last_at = {always:Int64}
    OR (notEmpty(changes) AND arrayExists(change -> at < change AND change <= next_at, changes))
    OR (interval_ms = -1 AND device_id IN (SELECT device_id FROM audit_changing_devices))
