"""A month of 1 000 devices at 30 s, 86 million heartbeats: at most a microsecond of one core each, in little memory."""

import os
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.audit.oracle import derive
from tests.oracle import load

pytestmark = [pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(3600)]

HEARTBEATS_A_SECOND_AND_CORE = 1_000_000
MEMORY = 3 << 30


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_a_month_of_a_thousand_devices(clickhouse: EmbeddedClickHouse, client: Client) -> None:
    load.fill(client, devices=1000, days=30)
    heartbeats = client.query("SELECT count() FROM heartbeats").result_rows[0][0]
    before = cpu_seconds(clickhouse.pid)
    parts = [
        (len(part.states), len(part.outages), len(part.months)) for part in derive(client, read_book(), Derivation())
    ]
    spent = cpu_seconds(clickhouse.pid) - before
    states, outages, months = map(sum, zip(*parts, strict=True))
    peak = resident_peak(clickhouse.pid)
    print(
        f"{heartbeats} heartbeats, {states} states, {outages} outages, {months} months: "
        f"{heartbeats / spent:.0f} a second and core, {peak / 2**30:.2f} GiB at most"
    )
    assert heartbeats > 86_000_000
    assert outages
    assert months == 500
    assert heartbeats / spent >= HEARTBEATS_A_SECOND_AND_CORE
    assert peak <= MEMORY
