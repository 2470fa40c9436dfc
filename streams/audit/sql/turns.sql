-- How many devices of a location changed their state at an instant. A device is up while it takes part; everything
-- else is an exception that one sample accounts for, from its own time to that of the next one:
-- - `anchor`: from when its hold is counted, the end of the last blind interval that began within the hold counted
--   by then;
-- - `silent_from`: if that hold ran out, when the silence began; else never;
-- - the rest of blind time is unknown, but for what the sample's own hold covers, which has run out once something
--   is later.
CREATE OR REPLACE TEMPORARY TABLE audit_turns AS
WITH
    judged AS
    (
        SELECT
            s.location_id AS location_id, s.device_id AS device_id, s.at AS at, s.until AS until, s.up AS up,
            s.step_ms AS step_ms, s.hold_ms AS hold_ms,
            if(until = {never:Int64} AND at + hold_ms >= p.through AND hold_ms > 0, until, at + hold_ms) AS held_until,
            arrayFilter(gap -> gap.2 > at AND gap.1 < until, b.blind) AS gaps,
            arrayFold((counted, gap) -> if(gap.1 <= counted + hold_ms, gap.2, counted), gaps, at) AS anchor,
            if(up AND step_ms > 0 AND if(until = {never:Int64}, p.through, until) > anchor + hold_ms,
               anchor + if(s.from_last_seen, 0, step_ms), {never:Int64}) AS silent_from,
            -- up, silent, reported, unknown
            (toInt8(-1), toInt8(1), toInt8(0), toInt8(0)) AS falls_silent,
            (toInt8(-1), toInt8(0), toInt8(1), toInt8(0)) AS reports_down,
            (toInt8(-1), toInt8(0), toInt8(0), toInt8(1)) AS up_lost,
            (toInt8(0), toInt8(-1), toInt8(0), toInt8(1)) AS silence_lost,
            (toInt8(0), toInt8(0), toInt8(-1), toInt8(1)) AS report_lost
        FROM audit_samples AS s
        INNER JOIN audit_locations AS l ON l.location_id = s.location_id
        INNER JOIN audit_partitions AS p ON p.partition = l.partition
        LEFT JOIN audit_blind AS b ON b.partition = l.partition AND b.collector_id = s.collector_id
    ),
    exceptions AS
    (
        SELECT location_id, device_id, arrayJoin(arrayFilter(piece -> piece.1 < piece.2, multiIf(
            NOT up,
            arrayConcat([(at, until, reports_down)],
                arrayMap(gap -> (greatest(gap.1, held_until), least(gap.2, until), report_lost), gaps)),
            step_ms = 0,
            arrayMap(gap -> (greatest(gap.1, at), least(gap.2, until), up_lost), gaps),
            arrayConcat(
                [(silent_from, until, falls_silent)],
                [(held_until, if(empty(gaps) OR anchor = at, held_until, least(silent_from, until)), up_lost)],
                arrayMap(gap -> (greatest(gap.1, silent_from), least(gap.2, until), silence_lost),
                         arrayFilter(gap -> gap.1 > anchor + hold_ms, gaps)))))) AS piece
        FROM judged
        UNION ALL
        SELECT location_id, device_id, ({always:Int64}, {never:Int64}, (toInt8(1), toInt8(0), toInt8(0), toInt8(0)))
        FROM audit_samples GROUP BY location_id, device_id
    )
SELECT
    location_id, turn.1 AS at,
    sum(turn.2 * piece.3.1) AS up, sum(turn.2 * piece.3.2) AS silent, sum(turn.2 * piece.3.3) AS reported,
    sum(turn.2 * piece.3.4) AS unknown,
    sumIf(turn.2, is_primary AND piece.1 = {always:Int64}) AS primaries,
    sumIf(turn.2 * piece.3.1, is_primary) AS primary_up,
    sumIf(turn.2 * (piece.3.2 + piece.3.3), is_primary) AS primary_down
FROM
(
    SELECT
        e.location_id AS location_id, e.piece AS piece, p.is_primary AS is_primary,
        arrayJoin([(greatest(piece.1, p.since), 1), (least(piece.2, p.until), -1)]) AS turn
    FROM exceptions AS e
    INNER JOIN audit_presence AS p ON p.location_id = e.location_id AND p.device_id = e.device_id
    WHERE greatest(piece.1, p.since) < least(piece.2, p.until)
)
GROUP BY location_id, at
