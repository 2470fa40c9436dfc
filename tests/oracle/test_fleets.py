"""Law 7: what the SQL derives from an archive and what the folds derive from its recording is the same."""

from collections.abc import Iterator
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
    "two series in two zones": book_of(
        {
            "terms": [
                {},
                {
                    "series": "other",
                    "month_zone": "America/Vancouver",
                    "availability.missed_heartbeats": 1,
                    "availability.default_interval_s": 20,
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


Refused = list[tuple[str, int, int]]


def fleet_of(terms: str, shape: str) -> Fleet:
    return Fleet(Random(f"{terms}, {shape}"), **SHAPES[shape])


def replayed(fleet: Fleet, book: Book) -> tuple[list[Row], Refused]:
    """What the folds derive, and which messages were refused."""
    replay = Replay(book, fleet.settings, partitions=fleet.partitions)
    replay.read(fleet.lines())
    rows = [ROWS[type(fact)](*_values(fact)) for fact in replay.facts() if type(fact) in ROWS]
    return rows, [(each.topic or "", each.partition or 0, each.offset or 0) for each in replay.dead_letters]


def _values(fact: Fact) -> Iterator[Any]:
    return (getattr(fact, name) for name in ROWS[type(fact)]._fields)


def check(client: Client, fleet: Fleet, book: Book) -> None:
    """Both derivations of the fleet say the same. Small slices, so that their edges are crossed."""
    rows, refused = replayed(fleet, book)
    archive.store(client, fleet.lines(), refused)
    parts = derive(client, book, fleet.settings, partitions=fleet.partitions, heartbeats_at_once=200)
    assert list(differences((row for part in parts for row in part.rows()), rows)) == []


@pytest.mark.clickhouse
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("terms", BOOKS)
def test_the_sql_and_the_folds_derive_the_same(client: Client, terms: str, shape: str) -> None:
    check(client, fleet_of(terms, shape), BOOKS[terms])


@pytest.mark.slow
@pytest.mark.clickhouse
@pytest.mark.parametrize("seed", range(100))
def test_the_sql_and_the_folds_derive_the_same_of_a_hundred_fleets(client: Client, seed: int) -> None:
    random = Random(seed)
    shape, terms = random.choice(list(SHAPES)), random.choice(list(BOOKS))
    check(client, Fleet(random, **SHAPES[shape]), BOOKS[terms])


def test_what_is_compared_holds_every_kind_of_fact_and_refusals() -> None:
    compared = [replayed(fleet_of(terms, shape), BOOKS[terms]) for terms in BOOKS for shape in SHAPES]
    rows = [row for rows, _ in compared for row in rows]
    states = [row for row in rows if isinstance(row, State)]
    outages = [row for row in rows if isinstance(row, Outage)]
    months = [row for row in rows if isinstance(row, Month)]
    assert {state.state for state in states} == {"up", "degraded", "down", "unknown"}
    assert {outage.kind for outage in outages} == {"silence", "reported"}
    assert {outage.ended_at is None for outage in outages} == {True, False}
    assert any(outage.unknown_ms for outage in outages)
    assert {month.closed for month in months} == {True, False}
    assert all(any(getattr(month, f"{what}_ms") for month in months) for what in ("up", "down", "excluded", "unknown"))
    assert any(refused for _, refused in compared)
