-- The months of each account at each location (semantics §4) that stream time has entered, and up to when each is
-- told: to its end when it is closed, else to the instant asked for, else to the stream time.
CREATE OR REPLACE TEMPORARY TABLE audit_account_months AS
WITH
    (SELECT min(through) FROM audit_partitions) AS slowest,
    heard AS
    (
        SELECT l.location_id AS location_id, p.through AS through,
               if(s.states > 0, least(p.first_tick, s.first_state), p.first_tick) AS first_heard
        FROM audit_locations AS l
        INNER JOIN audit_partitions AS p ON p.partition = l.partition
        LEFT JOIN
        (
            SELECT location_id, count() AS states, min(`from`) AS first_state
            FROM audit_states GROUP BY location_id
        ) AS s ON s.location_id = l.location_id
        WHERE l.location_id BETWEEN {first:String} AND {last:String}
    ),
    held AS
    (
        SELECT v.entity_id AS location_id, v.account_id AS account_id, c.calendar AS calendar,
               greatest(v.`from`, ifNull(v.activated_at, {always:Int64})) AS since, least(v.`to`, v.closed_at) AS until
        FROM audit_versions AS v
        LEFT JOIN audit_account_calendars AS c ON c.account_id = v.account_id
        WHERE v.entity = 'location' AND v.known
    )
SELECT DISTINCT
    w.account_id AS account_id, w.location_id AS location_id, m.month AS month, m.start AS start,
    m.closes_at <= slowest AS closed,
    multiIf(closed, m.end, a.as_of > 0, a.as_of, least(m.end, h.through)) AS as_of,
    m.final_at AS final_at, m.terms AS terms, m.causes AS causes, m.objective_up AS objective_up,
    m.objective_whole AS objective_whole, m.unknown_part AS unknown_part, m.unknown_whole AS unknown_whole
FROM held AS w
INNER JOIN heard AS h ON h.location_id = w.location_id
INNER JOIN audit_months AS m ON m.calendar = w.calendar
LEFT JOIN audit_as_of AS a ON a.account_id = w.account_id AND a.location_id = w.location_id AND a.month = m.month
WHERE greatest(w.since, m.start) < least(w.until, m.end, h.through)
    AND h.first_heard < least(w.until, m.end)
