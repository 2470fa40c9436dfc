"""`explain --from archive`: what was archived is found where it stood, and the ledger is told as it was published."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from schemas.derivation import Derivation
from schemas.facts import BillingCredit
from schemas.facts.fact import named
from schemas.terms.book import read_book
from schemas.wire import Line, parse_line
from streams.audit.replay import Replay
from streams.folds.billing import CORRECTED
from tests.archive.archive import database, insert, tables_only
from tests.cli.conftest import Fivenines, empty_folder, fivenines
from tests.explain.history import CREDIT, ENTRY, NOW, OUTAGE, PARTITIONS, PROPOSAL, SILENCE, SILENT, history, located
from tests.oracle import archive

__all__ = ["empty_folder", "fivenines"]

KEPT = "a/kept"
"""The id of the one heartbeat that came less than 35 days ago."""
CORRECTION = named("billing/acme/loc/2026-03/2")
WHOLE = ["_key", "_value", "_partition", "_offset", "_timestamp"]


def archived() -> list[Line]:
    """The history as it was read from Kafka."""
    found = []
    for written in located(history()):
        line = parse_line(written)
        assert isinstance(line, Line)
        found.append(msgspec.structs.replace(line, timestamp=NOW))
    return found


def whole(line: Line) -> tuple[Any, ...]:
    return (line.key or b"").decode(), (line.value or b"").decode(), line.partition, line.offset, NOW


@pytest.fixture(scope="module")
def client(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    """An archive with what followed from it: of the ledger two entries, for the month was corrected."""
    client = database(clickhouse)
    tables_only(client)
    lines = archived()
    tickets = [line for line in lines if line.topic == "tickets"]
    archive.store(client, [line for line in lines if line.topic != "tickets"])
    said = [msgspec.json.decode(line.value or b"") for line in tickets]
    names = ["id", "ticket_id", "account_id", "event_type"]
    rows = [(*(value[name] for name in names), *whole(line)) for value, line in zip(said, tickets, strict=True)]
    client.insert("ticket_events", rows, column_names=[*names, *WHOLE])
    diagnosed = [line for line in lines if b"reported_cause" in (line.value or b"")]
    rows = [("loc", "a", *whole(line)) for line in diagnosed]
    client.insert("diagnoses", rows, column_names=["location_id", "device_id", *WHOLE])
    client.command(
        f"""INSERT INTO heartbeat_details (location_id, device_id, occurred_at, id, _partition, _offset, _timestamp)
        SELECT location_id, device_id, occurred_at, '{KEPT}', _partition, _offset, now64() FROM heartbeats
        WHERE location_id = 'loc' AND occurred_at = fromUnixTimestamp64Milli({SILENT}, 'UTC')"""
    )
    audit = Replay(read_book(), Derivation(), partitions=PARTITIONS)
    audit.read(lines)
    facts = list(audit.facts())
    (entry,) = (fact for fact in facts if isinstance(fact, BillingCredit))
    replace = msgspec.structs.replace
    corrected = replace(entry, id=CORRECTION, n=2, days=-1, type="credit.adjusted", corrects=entry.id, reason=CORRECTED)
    insert(client, *(replace(entry, days=2) if fact is entry else fact for fact in facts), corrected)
    yield client
    client.command(f"DROP DATABASE {client.database} SYNC", use_database=False)


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        pytest.param(SILENCE, ["outage"], id="an outage"),
        pytest.param(OUTAGE, ["outage"], id="an outage that was reported"),
        pytest.param(PROPOSAL, ["proposal"], id="a proposal"),
        pytest.param("loc/2026-03", ["month"], id="a month"),
        pytest.param(CREDIT, ["credit"], id="a credit"),
        pytest.param(ENTRY, ["billing"], id="the first entry"),
        pytest.param(CORRECTION, ["billing"], id="an entry that no replay tells"),
        pytest.param("T1", ["claim", "response"], id="a claim"),
        pytest.param("acme/2026-03", ["responses"], id="responses"),
    ],
)
def test_what_is_archived_is_explained_by_partition_and_offset(
    fivenines: Fivenines, clickhouse: EmbeddedClickHouse, client: Client, asked: str, kinds: list[str]
) -> None:
    server = f"http://{clickhouse.user}:{clickhouse.password}@{clickhouse.host}:{clickhouse.http_port}"
    platform = ("--clickhouse", f"{server}/{client.database}", "--kafka", "127.0.0.1:1", "--partitions", PARTITIONS)
    ended = fivenines("explain", asked, "--format", "json", *platform)
    assert (ended.status, ended.err) == (0, "")
    explained = json.loads(ended.out)
    assert [each["explains"] for each in explained] == kinds
    by_place = {(line.topic, line.partition, line.offset): line for line in archived()}
    entries = [entry for each in explained for step in each["steps"] for entry in step["inputs"] if "topic" in entry]
    assert all(entry["found"] for entry in entries)
    for entry in entries:
        line = by_place[entry["topic"], entry["partition"], entry["offset"]]
        value = msgspec.json.decode(line.value or b"")
        if entry["topic"] != "device-heartbeats" or "reported_cause" in value:
            assert entry["event_id"] == value.get("id")
        else:
            assert entry["event_id"] in (None, KEPT)
    if asked == SILENCE:
        assert KEPT in {entry["event_id"] for entry in entries}
        assert "id not kept" in " ".join(fivenines("explain", asked, *platform).out.split())
    if kinds == ["billing"]:
        chain = explained[0]["steps"][1]["words"]
        assert [word[:12] for word in chain] == ["As it was pu", "1. credit.is", "2. credit.ad"]
        assert explained[0]["steps"][3]["arithmetic"][0]["formula"] == "2 days - 1 day = 1 day"
