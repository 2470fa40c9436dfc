"""What a heartbeat costs on disk, and how fast the archive is read back."""

import time

import pytest
from clickhouse_connect.driver.client import Client

from streams.archive.read import accepted_heartbeats

DEVICES, SAMPLES = 2000, 1000
LOAD = f"""
    INSERT INTO heartbeats
        (location_id, device_id, occurred_at, status, interval_ms, collector_id, received_at, buffered,
         _partition, _offset, _timestamp)
    WITH
        intDiv(number, {SAMPLES}) AS device, number % {SAMPLES} AS sample,
        1772323200000 + sample * 60000 + cityHash64(device) % 60000 + toInt64(randNormal(0, 100, 1)) AS occurred,
        occurred + toInt64(abs(randNormal(50, 30, 2))) AS received
    SELECT
        'loc-' || leftPad(toString(intDiv(device, 3)), 6, '0'), 'dev-' || leftPad(toString(device), 6, '0'),
        fromUnixTimestamp64Milli(occurred), if(rand(3) % 1000 = 0, 'down', 'up'), 60000, 'col-' || toString(device % 5),
        fromUnixTimestamp64Milli(if({{received:Bool}}, received, 0)), false, device % 8,
        intDiv(sample * {DEVICES} + cityHash64(device) % {DEVICES} + rand(4) % 20, 8),
        fromUnixTimestamp64Milli(received + 5 + toInt64(abs(randNormal(0, 8, 5))))
    FROM numbers({DEVICES * SAMPLES})"""
"""Two million heartbeats of a fleet that reports every minute: clocks and networks that waver, as real ones do."""


@pytest.mark.slow
@pytest.mark.clickhouse
@pytest.mark.parametrize("received", [False, True], ids=["without received_at", "with received_at"])
def test_a_heartbeat_takes_at_most_four_bytes(
    tables: Client, received: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.command("TRUNCATE TABLE heartbeats")
    tables.command(LOAD, parameters={"received": received})
    tables.command("OPTIMIZE TABLE heartbeats FINAL")
    query = """
        SELECT sum(rows), sum(bytes_on_disk) / sum(rows) FROM system.parts
        WHERE active AND database = currentDatabase() AND table = 'heartbeats'"""
    rows, size = tables.query(query).result_rows[0]
    with capsys.disabled():
        print(f" {size:.2f} bytes a heartbeat ", end="")
    assert rows == DEVICES * SAMPLES
    assert size <= 4.0


@pytest.mark.slow
@pytest.mark.clickhouse
def test_two_million_heartbeats_are_read_back(tables: Client, capsys: pytest.CaptureFixture[str]) -> None:
    tables.command("TRUNCATE TABLE heartbeats")
    tables.command(LOAD, parameters={"received": True})
    begun = time.monotonic()
    rows = sum(len(batch.offset) for batch in accepted_heartbeats(tables))
    with capsys.disabled():
        print(f" {rows / (time.monotonic() - begun):,.0f} heartbeats a second ", end="")
    assert rows == DEVICES * SAMPLES
