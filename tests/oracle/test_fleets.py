"""Law 7: what the SQL derives from an archive and what the folds derive from its recording is the same."""

from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas.facts import Availability, Fact, LocationOutage, LocationState
from schemas.terms.book import Book, read_book
from streams.audit.oracle import derive, differences
from streams.audit.oracle_rows import Month, Outage, Row, State
from streams.audit.replay import Replay
from tests.core.cases import book_of
from tests.fleets import EDGE, HOUR, Fleet
from tests.oracle import archive

pytestmark = pytest.mark.clickhouse

BOOKS: dict[str, Book] = {
    "the packaged terms": read_book(),
    "any device, maintenance excluded": book_of(
        {
            "terms": [
                {},
                {
                    "effective": "2026-04-01",
                    "availability.location_down_when": "any_device",
                    "exclusions.maintenance_excluded": True,
                },
            ]
        }
    ),
    "a primary device, then one missed heartbeat": book_of(
        {
            "terms": [
                {"availability.location_down_when": "primary_device"},
                {"effective": "2026-04-01", "availability.missed_heartbeats": 1},
            ]
        }
    ),
    "from last seen, then another zone and default": book_of(
        {
            "terms": [
                {"availability.outage_begins": "last_seen"},
                {
                    "effective": "2026-04-01",
                    "availability.default_interval_s": 20,
                    "month_zone": "America/Vancouver",
                },
            ]
        }
    ),
}

SHAPES: dict[str, dict[str, Any]] = {
    "several partitions": {},
    "one location of many devices": {"partitions": 1, "locations": 1, "devices": 8},
    "no collector ticks": {"ticking": False},
    "through the closing of the month": {"locations": 2, "devices": 2, "end": EDGE + 2 * HOUR},
}

ROWS: dict[type[Fact], type[Row]] = {LocationState: State, LocationOutage: Outage, Availability: Month}


def row(fact: Fact) -> Row:
    kind = ROWS[type(fact)]
    return kind(*(getattr(fact, name) for name in kind._fields))


def check(client: Client, fleet: Fleet, book: Book) -> list[Row]:
    """Both derivations of the fleet, compared; small slices, so that their edges are crossed."""
    lines = fleet.lines()
    replay = Replay(book, fleet.settings, partitions=fleet.partitions)
    replay.read(lines)
    facts = [row(fact) for fact in replay.facts() if type(fact) in ROWS]
    archive.clear(client)
    refused = [(each.topic or "", each.partition or 0, each.offset or 0) for each in replay.dead_letters]
    archive.store(client, lines, refused)
    derived = derive(client, book, fleet.settings, partitions=fleet.partitions, heartbeats_at_once=500)
    assert list(differences((row for part in derived for row in part.rows()), facts)) == []
    return facts


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("terms", BOOKS)
def test_the_sql_and_the_folds_derive_the_same(client: Client, terms: str, shape: str) -> None:
    seed = f"{terms}, {shape}"
    rows = check(client, Fleet(Random(seed), **SHAPES[shape]), BOOKS[terms])
    assert rows


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_the_sql_and_the_folds_derive_the_same_of_a_hundred_fleets(client: Client, seed: int) -> None:
    random = Random(seed)
    shape, terms = random.choice(list(SHAPES)), random.choice(list(BOOKS))
    check(client, Fleet(random, **SHAPES[shape]), BOOKS[terms])


def test_the_fleets_hold_what_is_to_be_compared(client: Client) -> None:
    """Silence, reports, blind time, unknown time inside outages, exclusions, closed and open months, refusals."""
    rows: list[Row] = []
    refused = 0
    for number in range(8):
        fleet = Fleet(Random(f"fleet {number}"), end=EDGE + 2 * HOUR, partitions=1, locations=1, devices=2)
        rows += check(client, fleet, BOOKS["the packaged terms"])
        refused += bool(client.query("SELECT count() FROM dead_letters").result_rows[0][0])
    outages = [row for row in rows if isinstance(row, Outage)]
    months = [row for row in rows if isinstance(row, Month)]
    assert {outage.kind for outage in outages} == {"silence", "reported"}
    assert {row.state for row in rows if isinstance(row, State)} == {"up", "degraded", "down", "unknown"}
    assert any(outage.unknown_ms for outage in outages)
    assert any(outage.ended_at is None for outage in outages)
    assert {month.closed for month in months} == {True, False}
    assert any(month.excluded_ms for month in months)
    assert any(month.down_ms for month in months)
    assert refused
