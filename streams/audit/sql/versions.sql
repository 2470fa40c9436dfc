-- Which registry record is in force when (semantics §2): `[from, to)` by entity, the time before the first one
-- included (`known` false). A record counts from its `valid_from`, but not in months that were final when it was
-- recorded; of those that count, the one with the latest `valid_from` is in force, then the newest `recorded_at`,
-- then the greater hash.
CREATE OR REPLACE TEMPORARY TABLE audit_versions AS
WITH
    arrived AS
    (
        SELECT
            entity, entity_id, record,
            toUnixTimestamp64Milli(r.valid_from) AS valid_at,
            greatest(valid_at, m.counts_from) AS since,
            (valid_at, r.recorded_at, hash) AS precedence
        FROM
        (
            SELECT *, toUnixTimestamp64Milli(recorded_at) AS recorded, toUInt32(0) AS calendar
            FROM registry_accepted
            WHERE entity IN ('account', 'location', 'device')
        ) AS r
        ASOF INNER JOIN audit_months AS m ON m.calendar = r.calendar AND m.final_at > r.recorded
        LEFT JOIN audit_hashes AS h ON h.topic = 'registry' AND h.partition = r._partition AND h.offset = r._offset
    ),
    counting AS
    (
        SELECT DISTINCT
            entity, entity_id, since,
            argMax(record, precedence) OVER (PARTITION BY entity, entity_id ORDER BY since RANGE UNBOUNDED PRECEDING) AS record
        FROM arrived
    ),
    spans AS
    (
        SELECT
            entity, entity_id, since AS `from`,
            leadInFrame(since, 1, {never:Int64}) OVER
                (PARTITION BY entity, entity_id ORDER BY since ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS `to`,
            true AS known, fivenines_fields(record) AS fields
        FROM counting
        UNION ALL
        SELECT entity, entity_id, {always:Int64}, min(since), false, map() FROM arrived GROUP BY entity, entity_id
    )
SELECT
    entity, entity_id, `from`, `to`, known,
    ifNull(fivenines_text(fields['account_id']), '') AS account_id,
    ifNull(fivenines_text(fields['terms']), '') AS series,
    ifNull(fivenines_text(fields['location_id']), '') AS location_id,
    fields['monitored'] != 'false' AS monitored,
    ifNull(fivenines_text(fields['primary_device_id']), '') AS primary_device_id,
    if(toFloat64OrZero(fields['heartbeat_interval_s']) > 0,
       greatest(1, toInt64(round(toFloat64OrZero(fields['heartbeat_interval_s']) * 1000))), NULL) AS interval_ms,
    toUnixTimestamp64Milli(fivenines_instant(fivenines_text(fields['activated_at']))) AS activated_at,
    toUnixTimestamp64Milli(fivenines_instant(fivenines_text(fields['sla_from']))) AS sla_from,
    ifNull(toUnixTimestamp64Milli(fivenines_instant(fivenines_text(fields['closed_at']))), {never:Int64}) AS closed_at
FROM spans
