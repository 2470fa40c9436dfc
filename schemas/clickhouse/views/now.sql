-- What is so at this moment, by the stream's time and not by the clock: `as_of` is the progress of the location's
-- partition, which has the same number in the input and in every topic that follows from it.

-- What is down, since when, and for how long so far.
CREATE OR REPLACE VIEW location_outages_now AS
SELECT
    o.outage_id AS outage_id, o.location_id AS location_id, o.started_at AS started_at, o.kind AS kind,
    o.devices AS devices, o.unknown_ms AS unknown_ms, p.through AS as_of,
    greatest(0, dateDiff('millisecond', o.started_at, p.through)) AS duration_ms
FROM (SELECT * FROM location_outages_current WHERE isNull(ended_at)) AS o
INNER JOIN (SELECT * FROM progress_current WHERE topic = 'device-heartbeats') AS p ON p.partition = o._partition;

-- The state in force of every location, since when it is that state, and how many devices are in each now.
CREATE OR REPLACE VIEW location_states_now AS
SELECT
    s.location_id AS location_id, s.history[1].state AS state,
    s.history[if(s.other = 0, length(s.history), s.other - 1)].since AS since,
    s.history[1].up AS devices_up, s.history[1].down AS devices_down, s.history[1].unknown AS devices_unknown,
    p.through AS as_of, greatest(0, dateDiff('millisecond', since, p.through)) AS duration_ms
FROM
(
    SELECT
        location_id, any(_partition) AS partition,
        arrayReverseSort(groupArray(CAST(
            (`from`, state, devices_up, devices_down, devices_unknown),
            'Tuple(since DateTime64(3, \'UTC\'), state String, up Int64, down Int64, unknown Int64)'))) AS history,
        arrayFirstIndex(each -> each.state != history[1].state, history) AS other
    FROM location_states_current
    GROUP BY location_id
    HAVING countIf(isNull(`to`)) > 0
) AS s
INNER JOIN (SELECT * FROM progress_current WHERE topic = 'device-heartbeats') AS p ON p.partition = s.partition;

-- The open months up to now: the published number, which reaches to its `as_of`, and the states since then.
-- Covered is what the version of the location that is in force at the progress covers: what the registry has announced
-- counts when its time has come. Running downtime counts in full until its end is published, also where an annotation
-- will exclude it. `budget_left_ms` is at least this much.
CREATE OR REPLACE VIEW availability_now AS
WITH
    open AS
    (
        SELECT
            a.account_id AS account_id, a.location_id AS location_id, a.month AS month, a.as_of AS published_to,
            p.through AS through,
            greatest(published_to, least(
                through, a.final_at - toIntervalDay(JSONExtractInt(a.settings, 'correction_horizon_days')))) AS as_of
        FROM (SELECT * FROM availability_current WHERE NOT closed) AS a
        INNER JOIN (SELECT * FROM progress_current WHERE topic = 'device-heartbeats') AS p ON p.partition = a._partition
    ),
    in_force AS
    (
        SELECT
            o.account_id AS account_id, o.location_id AS location_id, o.month AS month, o.published_to AS published_to,
            o.as_of AS as_of, argMaxIf(r.record, r.valid_from, r.valid_from <= o.through) AS record
        FROM open AS o
        LEFT JOIN (SELECT * FROM registry_current WHERE entity = 'location') AS r ON r.entity_id = o.location_id
        GROUP BY account_id, location_id, month, published_to, as_of
    ),
    covering AS
    (
        SELECT
            account_id, location_id, month, as_of,
            fivenines_instant(JSONExtractString(record, 'sla_from')) AS sla_from,
            fivenines_instant(JSONExtractString(record, 'activated_at')) AS activated_at,
            fivenines_instant(JSONExtractString(record, 'closed_at')) AS closed_at,
            JSONExtractString(record, 'account_id') = account_id AND isNotNull(sla_from) AS is_covered,
            if(is_covered, greatest(published_to, ifNull(sla_from, as_of), ifNull(activated_at, published_to)), as_of) AS since,
            greatest(since, least(as_of, ifNull(closed_at, as_of))) AS until
        FROM in_force
    ),
    running AS
    (
        WITH greatest(0, dateDiff('millisecond',
            greatest(s.`from`, c.since), least(ifNull(s.`to`, c.until), c.until))) AS lasted
        SELECT
            c.account_id AS account_id, c.location_id AS location_id, c.month AS month, c.as_of AS as_of,
            dateDiff('millisecond', c.since, c.until) AS covered_ms,
            sumIf(lasted, s.state IN ('up', 'degraded')) AS up_ms,
            sumIf(lasted, s.state = 'down') AS down_ms
        FROM covering AS c
        LEFT JOIN
        (
            SELECT location_id, `from`, `to`, state FROM location_states_current
            WHERE isNull(`to`) OR `to` > (SELECT min(published_to) FROM open)
        ) AS s ON s.location_id = c.location_id
        GROUP BY account_id, location_id, month, as_of, c.since, c.until
    )
SELECT
    a.account_id AS account_id, a.location_id AS location_id, a.month AS month,
    a.covered_ms + r.covered_ms AS covered_ms,
    a.up_ms + r.up_ms AS up_ms,
    a.down_ms + r.down_ms AS down_ms,
    a.excluded_ms AS excluded_ms,
    a.unknown_ms + r.covered_ms - r.up_ms - r.down_ms AS unknown_ms,
    if(covered_ms = 0, NULL,
       toDecimal128(intDiv((covered_ms - down_ms) * 1000000000, greatest(covered_ms, 1)), 9) / 1000000000) AS availability,
    a.budget_left_ms - r.down_ms AS budget_left_ms,
    greatest(a.as_of, r.as_of) AS as_of,
    a.as_of AS published_to
FROM (SELECT * FROM availability_current WHERE NOT closed) AS a
LEFT JOIN running AS r ON r.account_id = a.account_id AND r.location_id = a.location_id AND r.month = a.month;
