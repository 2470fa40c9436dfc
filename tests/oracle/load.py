"""A large archive made in SQL: a fleet with ties, doubled and late samples, silence, blind time and refusals."""

from pathlib import Path

from clickhouse_connect.driver.client import Client

HEARTBEATS = Path(__file__).with_name("load_heartbeats.sql").read_text(encoding="utf-8")

TICKS = """
INSERT INTO ticks (collector_id, occurred_at, _partition, _offset, _timestamp)
SELECT concat('col-', toString(collector)),
       toDateTime64('2026-03-01 08:00:00', 3, 'UTC') + toIntervalMillisecond(10000 * tick + collector) AS at,
       partition, 1000000000000 + 8 * tick + collector, at
FROM
(
    SELECT number % 8 AS partition, intDiv(number, 8) % 5 AS collector, intDiv(number, 40) AS tick
    FROM numbers(40 * 8640 * {days:UInt64})
)
-- One collector is blind for an hour on the second day, another for two minutes of every day.
WHERE NOT (collector = 3 AND tick BETWEEN 8640 AND 9000) AND NOT (collector = 1 AND tick % 8640 < 12)"""

REFUSALS = """
INSERT INTO dead_letters (topic, partition, offset, reason)
SELECT 'device-heartbeats', _partition, _offset, 'clock_ahead' FROM heartbeats WHERE sipHash64(_offset) % 1000 = 5"""

REGISTRY = """
INSERT INTO registry (entity, entity_id, valid_from, recorded_at, record, _partition, _offset)
SELECT 'location', location, '2026-01-01', '2026-01-01',
       concat('{"entity":"location","location_id":"', location, '","account_id":"acc-', toString(number % 50),
              '","sla_from":"2026-01-01T00:00:00Z"}'), 0, number
FROM
(
    SELECT number, concat('loc-', leftPad(toString(number), 5, '0')) AS location
    FROM numbers(intDiv({devices:UInt64} + 1, 2))
)"""

DEVICES_AT_ONCE = 50


def fill(client: Client, *, devices: int, days: int) -> None:
    """Some 2 880 heartbeats a device and day, in 8 partitions, with their ticks, registry records and refusals."""
    for first in range(0, devices, DEVICES_AT_ONCE):
        batch = {"first_device": first, "devices": min(DEVICES_AT_ONCE, devices - first), "days": days}
        client.command(HEARTBEATS, parameters=batch)
    client.command(TICKS, parameters={"days": days})
    client.command(REGISTRY, parameters={"devices": devices})
    client.command(REFUSALS)
