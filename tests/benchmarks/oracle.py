"""The independent derivation in SQL, over a month of heartbeats that SQL made."""

import time
from collections.abc import Iterator

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.audit.oracle import derive
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.machine import cpu_seconds, peak_rss_mib
from tests.benchmarks.stage import Stage
from tests.oracle.archive import prepare
from tests.oracle.load import fill

DEVICES, DAYS = 1_000, 30


def oracle(stage: Stage) -> Iterator[Figure]:
    """By the processor time of the server, so that its threads count as the cores that they use."""
    devices, days = (20, 2) if stage.small else (DEVICES, DAYS)
    with stage.clickhouse() as clickhouse:
        client, pid = clickhouse.client, clickhouse.server.pid
        client.command(f"CREATE DATABASE IF NOT EXISTS {client.database}", use_database=False)
        prepare(client)
        stage.say(f"making {days} days of {devices:,} devices at 30 s, in SQL")
        fill(client, devices=devices, days=days)
        filled_mib = peak_rss_mib(pid)
        heartbeats = clickhouse.number("SELECT count() FROM heartbeats")
        stage.say(f"deriving what follows from {heartbeats:,.0f} heartbeats")
        started, cpu = time.monotonic(), cpu_seconds(pid)
        found = {"states": 0, "outages": 0, "months": 0}
        for part in derive(client, read_book(None), Derivation()):
            for kind in found:
                found[kind] += len(getattr(part, kind))
        seconds, cpu = time.monotonic() - started, cpu_seconds(pid) - cpu
        peak = peak_rss_mib(pid)
    yield Figure(
        name="oracle in SQL",
        value=heartbeats / cpu,
        unit="/s and core",
        target=1_000_000,
        note=f"{heartbeats:,.0f} heartbeats in {seconds:.0f} s, {cpu / seconds:.1f} cores, peak {number(peak)} MiB",
        details={
            "heartbeats": heartbeats,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "peak_mib": peak,
            "peak_mib_of_making": filled_mib,
            "found": found,
        },
    )
