-- What a location was (semantics §3), from its first sample to its stream time: a row for every change of its state
-- or of the number of its devices in each. `devices_silent` are those that are down by their silence at `from`.
CREATE OR REPLACE TEMPORARY TABLE audit_states AS
WITH
    seen AS
    (
        SELECT s.location_id AS location_id, min(s.at) AS first_at, greatest(any(p.through), max(s.at)) AS through
        FROM audit_samples AS s
        INNER JOIN audit_locations AS l ON l.location_id = s.location_id
        INNER JOIN audit_partitions AS p ON p.partition = l.partition
        GROUP BY location_id
    ),
    turns AS
    (
        SELECT location_id, at, up, silent, reported, unknown, primaries, primary_up, primary_down FROM audit_turns
        UNION ALL
        SELECT location_id, since, 0, 0, 0, 0, 0, 0, 0 FROM audit_location_terms
        UNION ALL
        SELECT location_id, first_at, 0, 0, 0, 0, 0, 0, 0 FROM seen
    ),
    instants AS
    (
        SELECT t.location_id AS location_id, t.at AS at, sum(t.up) AS up, sum(t.silent) AS silent, sum(t.reported) AS reported,
               sum(t.unknown) AS unknown, sum(t.primaries) AS primaries, sum(t.primary_up) AS primary_up,
               sum(t.primary_down) AS primary_down
        FROM turns AS t
        INNER JOIN seen AS s ON s.location_id = t.location_id
        WHERE t.at >= s.first_at AND t.at <= s.through
        GROUP BY location_id, at
    ),
    counts AS
    (
        SELECT
            location_id, at, sum(up) OVER so_far AS devices_up, sum(silent) OVER so_far AS devices_silent,
            devices_silent + sum(reported) OVER so_far AS devices_down, sum(unknown) OVER so_far AS devices_unknown,
            sum(primaries) OVER so_far AS primaries, sum(primary_up) OVER so_far AS primary_up,
            sum(primary_down) OVER so_far AS primary_down
        FROM instants
        WINDOW so_far AS (PARTITION BY location_id ORDER BY at ROWS UNBOUNDED PRECEDING)
    ),
    judged AS
    (
        SELECT
            c.location_id AS location_id, c.at AS at, c.devices_up AS devices_up, c.devices_down AS devices_down,
            c.devices_unknown AS devices_unknown, c.devices_silent AS devices_silent,
            multiIf(
                devices_up + devices_down + devices_unknown = 0, 'unknown',
                t.down_when = 'primary_device' AND primaries > 0,
                    multiIf(primary_up > 0, 'up', primary_down > 0, 'down', 'unknown'),
                t.down_when = 'any_device', multiIf(devices_down > 0, 'down', devices_unknown > 0, 'unknown', 'up'),
                multiIf(devices_up > 0, 'up', devices_unknown > 0, 'unknown', 'down')) AS plain_state,
            if(plain_state = 'up' AND devices_down > 0, 'degraded', plain_state) AS state
        FROM counts AS c
        ASOF INNER JOIN audit_location_terms AS t ON t.location_id = c.location_id AND t.since <= c.at
    ),
    changed AS
    (
        SELECT
            *, (state, devices_up, devices_down, devices_unknown) AS shown,
            lagInFrame(shown) OVER
                (PARTITION BY location_id ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS shown_before
        FROM judged
    )
SELECT
    location_id, at AS `from`,
    leadInFrame(at, 1, {never:Int64}) OVER
        (PARTITION BY location_id ORDER BY at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS `to`,
    state, devices_up, devices_down, devices_unknown, devices_silent
FROM changed
WHERE shown != shown_before
