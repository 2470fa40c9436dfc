"""What the doctor finds in an archive: which collectors listen, and what was refused."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from infra.clickhouse import EmbeddedClickHouse
from schemas.derivation import DAY_MS, Derivation
from streams import doctor
from tests.archive.archive import database, tables_only

pytestmark = pytest.mark.clickhouse

NOW = 10 * DAY_MS
BLIND_AFTER_S = 30


@pytest.fixture(scope="module")
def archive(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    with database(clickhouse) as client:
        tables_only(client)
        yield client


@pytest.fixture
def client(archive: Client) -> Client:
    """An archive that is empty."""
    for table in ("ticks", "dead_letters", "unreadable"):
        archive.command(f"TRUNCATE TABLE {table}")
    return archive


@pytest.mark.parametrize(
    ("silent_ms", "told"),
    [
        ({}, []),
        ({"a": 0}, [("collectors", "1 listening", False)]),
        ({"a": 0, "b": 30_000}, [("collectors", "2 listening", False)]),
        (
            {"a": 0, "b": 30_001},
            [("blind", "b since 1970-01-10 23:59:29.999 UTC (30 s)", True), ("collectors", "1 listening", False)],
        ),
        (
            {"a": 0, "b": DAY_MS},
            [("blind", "b since 1970-01-10 00:00:00.000 UTC (86,400 s)", True), ("collectors", "1 listening", False)],
        ),
        ({"a": 0, "b": DAY_MS + 1}, [("collectors", "1 listening, 1 not heard for more than a day", False)]),
    ],
    ids=["none", "one", "late", "blind", "blind for a day", "retired"],
)
def test_a_collector_that_does_not_listen_is_to_be_known_until_it_has_gone(
    client: Client, silent_ms: dict[str, int], told: list[tuple[str, str, bool]]
) -> None:
    rows = [(name, NOW - ms, 0, offset, 0) for offset, (name, ms) in enumerate(silent_ms.items())]
    columns = ["collector_id", "occurred_at", "_partition", "_offset", "_timestamp"]
    if rows:
        client.insert("ticks", rows, column_names=columns)
    found = list(doctor.blind(client, Derivation(blind_after_s=BLIND_AFTER_S)))
    assert [(finding.what, finding.found, bool(finding.remedy)) for finding in found] == told
    assert not any(finding.broken for finding in found if finding.remedy), "the collectors are not the platform"


def test_a_refusal_that_was_published_twice_is_counted_once(client: Client) -> None:
    columns = ["topic", "partition", "offset", "reason", "_partition", "_offset", "_timestamp"]
    for offset in (5, 6):
        client.insert("dead_letters", [("registry", 0, 7, "bad_value", 0, offset, offset)], column_names=columns)
    (finding,) = doctor.refused(client)
    assert finding.found == "1 bad_value, the last at 1970-01-01 00:00:00.006 UTC"
    assert finding.remedy
    assert not finding.broken
