"""What is published is compared row by row with what follows from the archive."""

from random import Random

import pytest
from clickhouse_connect.driver.client import Client

from schemas.terms.book import Book, read_book
from streams.archive.read import heartbeats_held
from streams.audit.archived import read_archive
from streams.audit.oracle import HEARTBEATS_AT_ONCE, Difference, compare, derive
from streams.audit.oracle_rows import TABLES, Month, Outage, Row
from streams.audit.replay import Replay
from tests.core.cases import book_of
from tests.fleets import EDGE, MINUTE, Fleet
from tests.oracle import archive
from tests.oracle.test_fleets import replayed

pytestmark = pytest.mark.clickhouse

FLEET = Fleet(Random("compare"), partitions=1, locations=1, devices=2)
SEVERAL = Fleet(Random("compare"), devices=2)
"""Three locations in two partitions."""
BOOK = read_book()


@pytest.fixture
def published(client: Client) -> list[Row]:
    """The archive of a fleet, with the facts that the folds derive from it as the published ones."""
    return stored(client, FLEET)


def stored(client: Client, fleet: Fleet) -> list[Row]:
    rows, refused = replayed(fleet, BOOK)
    archive.store(client, fleet.lines(), refused)
    for table in TABLES.values():
        client.command(f"TRUNCATE TABLE {table}")
    publish(client, rows)
    return rows


def publish(client: Client, rows: list[Row], *, version: int = 1, retracted: bool = False) -> None:
    for kind, table in TABLES.items():
        values = [(*row, version, retracted) for row in rows if isinstance(row, kind)]
        names = [name.rstrip("_") for name in (*kind._fields, "version", "retracted")]
        if values:
            client.insert(table, values, column_names=names)


def differences(
    client: Client, fleet: Fleet = FLEET, heartbeats_at_once: int = HEARTBEATS_AT_ONCE, book: Book = BOOK
) -> list[Difference]:
    found = compare(client, book, fleet.settings, partitions=fleet.partitions, heartbeats_at_once=heartbeats_at_once)
    return list(found)


def test_facts_that_follow_from_the_archive_do_not_differ(client: Client, published: list[Row]) -> None:
    assert {type(row) for row in published} == TABLES.keys()
    assert differences(client) == []


def test_a_fact_that_says_something_else_is_found(client: Client, published: list[Row]) -> None:
    outage = next(row for row in published if isinstance(row, Outage))
    wrong = outage._replace(unknown_ms=outage.unknown_ms + 1)
    publish(client, [wrong], version=2)
    (difference,) = differences(client)
    assert difference == Difference("location_outages", outage.identity, outage, wrong)
    assert difference.fields == {"unknown_ms": (outage.unknown_ms, outage.unknown_ms + 1)}


def test_a_fact_that_is_missing_is_found(client: Client, published: list[Row]) -> None:
    outage = next(row for row in published if isinstance(row, Outage))
    publish(client, [outage], version=2, retracted=True)
    assert differences(client) == [Difference("location_outages", outage.identity, outage, None)]


def test_a_fact_that_follows_from_nothing_is_found(client: Client, published: list[Row]) -> None:
    outage = next(row for row in published if isinstance(row, Outage))
    invented = outage._replace(outage_id="invented", started_at=outage.started_at - 1)
    publish(client, [invented])
    assert differences(client) == [Difference("location_outages", invented.identity, None, invented)]


@pytest.mark.parametrize("at_once", [1, HEARTBEATS_AT_ONCE], ids=["a slice each", "one slice"])
def test_facts_of_locations_that_the_archive_does_not_know_are_found(client: Client, at_once: int) -> None:
    """Their ids lie before, between and after all that it knows."""
    rows = stored(client, SEVERAL)
    outage = next(row for row in rows if isinstance(row, Outage))
    known = {row.location_id for row in rows}
    unknown = [*(f"{each}{end}" for each in ("", *known) for end in ("\0", "!", "\\", "'\t")), "\U0010ffff" * 256]
    invented = [outage._replace(outage_id=repr(each), location_id=each) for each in sorted(unknown)]
    publish(client, [*invented])
    found = differences(client, SEVERAL, at_once)
    assert found == [Difference("location_outages", each.identity, None, each) for each in invented]


def test_a_fact_that_nothing_was_heard_of_is_found(client: Client, published: list[Row]) -> None:
    archive.clear(client)
    assert {difference.published for difference in differences(client)} == set(published)


def test_the_work_that_is_done_is_all_that_the_archive_holds(client: Client) -> None:
    stored(client, SEVERAL)
    done: list[int] = []
    assert not [*compare(client, BOOK, SEVERAL.settings, partitions=2, heartbeats_at_once=1, done=done.append)]
    assert len(done) == SEVERAL.locations
    assert sum(done) == heartbeats_held(client)
    done.clear()
    read_archive(Replay(BOOK, SEVERAL.settings, partitions=2), client, done.append)
    assert sum(done) == client.query("SELECT count() FROM heartbeats_accepted").result_rows[0][0]


def test_an_open_month_is_compared_as_of_its_publication(client: Client, published: list[Row]) -> None:
    """April was published ten minutes after it began, and that is what it is compared with, although more is known."""
    april = next(row for row in published if isinstance(row, Month) and row.month == "2026-04")
    as_of = {(april.account_id, april.location_id, april.month): EDGE + 10 * MINUTE}
    parts = derive(client, BOOK, FLEET.settings, partitions=FLEET.partitions, as_of=as_of)
    earlier = next(row for part in parts for row in part.months if row.identity == april.identity)
    assert earlier.as_of == EDGE + 10 * MINUTE < april.as_of
    publish(client, [earlier], version=2)
    assert differences(client) == []


def test_a_month_of_nothing_that_follows_from_nothing_is_found_unless_the_terms_keep_what_was_issued(
    client: Client, published: list[Row]
) -> None:
    """It was another account's, which is known since it closed (I-18)."""
    month = next(row for row in published if isinstance(row, Month))
    was_down = month._replace(account_id="other", covered_ms=1)
    nothing = was_down._replace(account_id="another", covered_ms=0)
    publish(client, [was_down, nothing], version=2)
    keeps = book_of({"terms": [{"credits.corrections_after_issue": "never"}]})
    found = {book: {each.published for each in differences(client, book=book)} for book in (BOOK, keeps)}
    assert {was_down, nothing} <= found[BOOK]
    assert was_down in found[keeps]
    assert nothing not in found[keeps]
