-- Outages (semantics §3): runs of down, with the unknown time inside that down follows. Unknown time at the end
-- keeps the last one open; any other state, and time in which no device takes part, ends it where the down ended.
CREATE OR REPLACE TEMPORARY TABLE audit_outages AS
WITH
    marked AS
    (
        SELECT
            *, state = 'down' AS is_down,
            state = 'unknown' AND devices_up + devices_down + devices_unknown > 0 AS is_unsure,
            sum(NOT is_down AND NOT is_unsure) OVER (PARTITION BY location_id ORDER BY `from` ROWS UNBOUNDED PRECEDING) AS breaks,
            sum(NOT is_down AND NOT is_unsure) OVER (PARTITION BY location_id) AS breaks_in_all
        FROM audit_states
    ),
    runs AS
    (
        SELECT
            location_id, breaks, minIf(`from`, is_down) AS started_at, maxIf(`to`, is_down) AS down_until,
            argMinIf(devices_silent, `from`, is_down) AS silent, argMinIf(devices_down, `from`, is_down) AS devices,
            any(breaks_in_all) AS breaks_in_all,
            groupArrayIf((`from`, `to`), is_unsure) AS unsure
        FROM marked
        GROUP BY location_id, breaks
        HAVING countIf(is_down) > 0
    )
SELECT
    location_id, started_at,
    if(breaks = breaks_in_all, {never:Int64}, down_until) AS ended_at,
    if(silent = 0, 'reported', 'silence') AS kind, devices,
    arraySum(
        gap -> if(gap.1 >= started_at AND gap.2 <= down_until AND gap.2 < {never:Int64}, gap.2 - gap.1, 0),
        unsure) AS unknown_ms
FROM runs
