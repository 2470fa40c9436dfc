-- One sample an instant (`up` before `down`, the longer interval, the greater collector), with the hold that the
-- terms and the registry gave it at its own time, and until when it speaks. `plain_from`: since when plain samples
-- came before it, which held for `plain_hold_ms`.
CREATE OR REPLACE TEMPORARY TABLE audit_samples AS
WITH
    one AS
    (
        SELECT
            location_id, device_id, at, until, said.1 AS up, said.2 AS interval_ms, said.3 AS collector_id, plain_interval_ms,
            'device' AS entity
        FROM
        (
            SELECT
                location_id, device_id, at, max(next_at) AS until, argMin(last_interval_ms, last_at) AS plain_interval_ms,
                argMax(
                    (up, interval_ms, collector_id),
                    (up, if(interval_ms = 0, {never:Int64}, interval_ms), collector_id)) AS said
            FROM audit_marks
            GROUP BY location_id, device_id, at
        )
    ),
    judged AS
    (
        SELECT
            one.location_id AS location_id, one.device_id AS device_id, one.at AS at, one.until AS until, one.up AS up,
            one.collector_id AS collector_id, t.from_last_seen AS from_last_seen,
            multiIf(one.interval_ms > 0, one.interval_ms, one.interval_ms = 0, 0, unsaid_ms) AS step_ms,
            multiIf(one.plain_interval_ms > 0, one.plain_interval_ms, one.plain_interval_ms = 0, 0, unsaid_ms) AS plain_step_ms,
            ifNull(v.interval_ms, t.default_interval_ms) AS unsaid_ms,
            2 * t.missed_heartbeats + 1 AS halves
        FROM one
        ASOF INNER JOIN audit_location_terms AS t ON t.location_id = one.location_id AND t.since <= one.at
        ASOF LEFT JOIN audit_versions AS v
            ON v.entity = one.entity AND v.entity_id = one.device_id AND v.`from` <= one.at
    )
SELECT
    location_id, device_id, at, until, up, collector_id, from_last_seen, step_ms, step_ms * halves DIV 2 AS hold_ms,
    lagInFrame(until, 1, at) OVER
        (PARTITION BY location_id, device_id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS plain_from,
    plain_step_ms * halves DIV 2 AS plain_hold_ms
FROM judged
