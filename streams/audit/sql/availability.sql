-- Each month in milliseconds (semantics §4): every covered one is exactly one of up, down, excluded and unknown.
CREATE OR REPLACE TEMPORARY TABLE audit_availability AS
WITH
    cover AS
    (
        SELECT
            entity_id AS location_id, account_id,
            greatest(`from`, assumeNotNull(sla_from), ifNull(activated_at, {always:Int64})) AS since,
            least(`to`, closed_at) AS until
        FROM audit_versions
        WHERE entity = 'location' AND known AND sla_from IS NOT NULL AND since < until
    ),
    said AS
    (
        SELECT
            m.account_id AS account_id, m.location_id AS location_id, m.month AS month,
            argMax(
                (toUnixTimestamp64Milli(n.`from`), toUnixTimestamp64Milli(n.`to`), n.state, n.cause),
                (n.revision, n.recorded_at, h.hash)) AS newest,
            any(m.causes) AS causes
        FROM outage_annotations_accepted AS n
        INNER JOIN audit_account_months AS m ON m.location_id = n.location_id
        LEFT JOIN audit_hashes AS h ON h.topic = 'outage-annotations' AND h.partition = n._partition AND h.offset = n._offset
        WHERE toUnixTimestamp64Milli(n.recorded_at) < m.final_at
        GROUP BY m.account_id, m.location_id, m.month, n.annotation_id
    ),
    told AS
    (
        SELECT
            account_id, location_id, month, newest.4 AS cause, newest.1 AS since,
            ifNull(newest.2, ifNull(o.ended_at, since)) AS until
        FROM (SELECT *, newest.1 AS since FROM said WHERE newest.3 = 'approved') AS said
        ASOF LEFT JOIN (SELECT location_id, started_at, toNullable(ended_at) AS ended_at FROM audit_outages) AS o
            ON o.location_id = said.location_id AND o.started_at <= said.since
        WHERE cause = 'monitoring_gap' OR has(causes, cause)
    ),
    pieces AS
    (
        SELECT location_id, account_id, '' AS month, since, until, 'covered' AS what FROM cover
        UNION ALL
        SELECT location_id, account_id, month, since, until, if(cause = 'monitoring_gap', 'gap', 'excluded') FROM told
        UNION ALL
        SELECT location_id, '', '', `from`, `to`, if(state = 'degraded', 'up', state) FROM audit_states WHERE state != 'unknown'
    ),
    ends AS
    (
        SELECT
            m.account_id AS account_id, m.location_id AS location_id, m.month AS month, p.what AS what,
            arrayJoin([(greatest(p.since, m.start), 1), (least(p.until, m.as_of), -1)]) AS turn
        FROM audit_account_months AS m
        INNER JOIN pieces AS p ON p.location_id = m.location_id
        WHERE p.account_id IN ('', m.account_id) AND p.month IN ('', m.month)
            AND greatest(p.since, m.start) < least(p.until, m.as_of)
    ),
    turns AS
    (
        SELECT
            account_id, location_id, month, turn.1 AS at,
            sumIf(turn.2, what = 'covered') AS covered, sumIf(turn.2, what = 'up') AS up, sumIf(turn.2, what = 'down') AS down,
            sumIf(turn.2, what = 'excluded') AS excluded, sumIf(turn.2, what = 'gap') AS gap
        FROM ends
        GROUP BY account_id, location_id, month, at
    ),
    spans AS
    (
        SELECT
            account_id, location_id, month,
            leadInFrame(at, 1, at) OVER
                (PARTITION BY account_id, location_id, month ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) - at AS ms,
            sum(covered) OVER so_far > 0 AS covered, sum(up) OVER so_far > 0 AS up, sum(down) OVER so_far > 0 AS down,
            sum(excluded) OVER so_far > 0 AS excluded, sum(gap) OVER so_far > 0 AS gap
        FROM turns
        WINDOW so_far AS (PARTITION BY account_id, location_id, month ORDER BY at ROWS UNBOUNDED PRECEDING)
    ),
    sums AS
    (
        SELECT
            account_id, location_id, month,
            sumIf(ms, covered) AS covered_ms,
            sumIf(ms, covered AND up) AS up_ms,
            sumIf(ms, covered AND down AND NOT gap AND NOT excluded) AS down_ms,
            sumIf(ms, covered AND down AND NOT gap AND excluded) AS excluded_ms,
            covered_ms - up_ms - down_ms - excluded_ms AS unknown_ms
        FROM spans
        GROUP BY account_id, location_id, month
    ),
    widest AS
    (
        SELECT m.account_id AS account_id, m.location_id AS location_id, m.month AS month, max(r.resolution_ms) AS resolution_ms
        FROM audit_account_months AS m
        INNER JOIN audit_states AS s ON s.location_id = m.location_id
        INNER JOIN audit_resolutions AS r ON r.location_id = s.location_id AND r.`from` = s.`from`
        WHERE s.`from` < m.as_of AND s.`to` > m.start
        GROUP BY account_id, location_id, month
    )
SELECT
    account_id, location_id, month, covered_ms, up_ms, down_ms, excluded_ms, unknown_ms,
    if(covered_ms = 0, NULL,
       toDecimal128(intDiv(toInt128(covered_ms - down_ms) * 1000000000, covered_ms), 9) / 1000000000) AS availability,
    budget_left_ms >= 0 AS objective_met,
    toInt64(intDiv(toInt128(covered_ms) * (m.objective_whole - m.objective_up), m.objective_whole)) - down_ms AS budget_left_ms,
    toInt128(unknown_ms) * m.unknown_whole > toInt128(covered_ms) * m.unknown_part AS incomplete,
    nullIf(resolution_ms, 0) AS resolution_ms,
    closed, as_of, m.final_at AS final_at,
    concat(month, '-01') < left(m.terms, 10) AS terms_before_effective, -- both begin with a date: 2024-09-23@…
    m.terms AS terms
FROM audit_account_months AS m
LEFT JOIN sums USING (account_id, location_id, month)
LEFT JOIN widest USING (account_id, location_id, month)
