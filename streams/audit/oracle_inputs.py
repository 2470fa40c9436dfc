"""What the oracle's SQL is given: contract months, the terms' numbers, and the hashes that decide ties."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from clickhouse_connect.driver.client import Client

from schemas.derivation import Derivation
from schemas.terms.book import Book
from schemas.terms.model import CLAUSE_OF_CAUSE, STANDARD, Terms
from schemas.wire import Rejected, decode
from streams import calendars
from streams.calendars import Calendar

ALWAYS: Final = -(10**16)
NEVER: Final = 10**16
"""Before and after every instant, in ms."""

MonthKey = tuple[str, str, str]
"""Account, location and month."""

Held = tuple[int, int]
"""From the first instant that the archive speaks of to the end of the last one, in ms."""

_STANDARD_CALENDAR: Final = 0


def held(client: Client) -> Held | None:
    """What the archive holds; None where there is neither a heartbeat nor a tick."""
    query = """
        SELECT toUnixTimestamp64Milli(min(first)), toUnixTimestamp64Milli(max(last)) + 1, sum(rows)
        FROM
        (
            SELECT min(occurred_at) AS first, max(occurred_at) AS last, count() AS rows FROM heartbeats
            UNION ALL
            SELECT min(occurred_at), max(occurred_at), count() FROM ticks
        )
        WHERE rows > 0"""
    first, last, rows = client.query(query).result_rows[0]
    return (first, last) if rows else None


def hand_over_months(client: Client, book: Book, derivation: Derivation, held: Held) -> None:
    """`audit_months` and `audit_terms` of the standard calendar."""
    _create(
        client,
        "audit_months",
        "calendar UInt32, month String, start Int64, end Int64, counts_from Int64, closes_at Int64, final_at Int64, "
        "terms String, causes Array(String), objective_up Int64, objective_whole Int64, unknown_part Int64, "
        "unknown_whole Int64",
    )
    _create(
        client,
        "audit_terms",
        "calendar UInt32, since Int64, until Int64, missed_heartbeats Int64, default_interval_ms Int64, "
        "from_last_seen Bool, down_when String",
    )
    _insert_calendar(client, _STANDARD_CALENDAR, calendars.calendar(book), derivation, held)


def hand_over_accounts(client: Client, book: Book, derivation: Derivation, held: Held) -> None:
    """`audit_account_calendars`, and the calendars of the accounts that have one of their own."""
    _create(client, "audit_account_calendars", "account_id String, calendar UInt32")
    if len(book.series_names()) == 1:
        return
    known = {calendars.calendar(book): _STANDARD_CALENDAR}
    accounts = []
    query = "SELECT entity_id, `from`, series FROM audit_versions WHERE entity = 'account' ORDER BY entity_id, `from`"
    for account_id, versions in groupby(client.query(query).result_rows, key=itemgetter(0)):
        history = tuple((since, series or STANDARD) for _, since, series in versions)
        own = calendars.calendar(book, ((calendars.ALWAYS, history[0][1]), *history[1:]))
        if own not in known:
            known[own] = len(known)
            _insert_calendar(client, known[own], own, derivation, held)
        accounts.append((account_id, known[own]))
    _insert(client, "audit_account_calendars", accounts)


def hand_over_as_of(client: Client, as_of: Mapping[MonthKey, int]) -> None:
    """`audit_as_of`: up to when an open month is told."""
    _create(client, "audit_as_of", "account_id String, location_id String, month String, as_of Int64")
    _insert(client, "audit_as_of", [(*key, instant) for key, instant in as_of.items()])


def hand_over_hashes(client: Client) -> None:
    """`audit_hashes`: of records that differ in nothing but what they say, the greater hash counts."""
    _create(client, "audit_hashes", "topic String, partition UInt16, offset UInt64, hash String")
    for topic, query in _TIED.items():
        rows = client.query(query).result_rows
        _insert(client, "audit_hashes", [(topic, *row[:2], _payload_hash(topic, *row[2:])) for row in rows])


_TIED: Final = {
    "registry": """
        SELECT _partition, _offset, _value, _headers FROM registry_accepted
        WHERE (entity, entity_id, valid_from, recorded_at) IN (
            SELECT entity, entity_id, valid_from, recorded_at FROM registry_accepted
            GROUP BY entity, entity_id, valid_from, recorded_at HAVING uniqExact(record) > 1)""",
    "outage-annotations": """
        SELECT _partition, _offset, _value, _headers FROM outage_annotations_accepted
        WHERE (location_id, annotation_id, revision, recorded_at) IN (
            SELECT location_id, annotation_id, revision, recorded_at FROM outage_annotations_accepted
            GROUP BY location_id, annotation_id, revision, recorded_at HAVING uniqExact(_value) > 1)""",
}


def _payload_hash(topic: str, value: str, headers: Iterable[Any]) -> str:
    pairs = [tuple(header.values()) if isinstance(header, dict) else header for header in headers]
    event = decode(topic, value.encode(), headers=[(name, text.encode()) for name, text in pairs], check_key=False)
    return "" if isinstance(event, Rejected) else event.payload_hash


def _insert_calendar(client: Client, number: int, calendar: Calendar, derivation: Derivation, held: Held) -> None:
    months = [
        (
            number,
            month.name,
            month.start,
            month.end,
            month.start if place else ALWAYS,
            derivation.closes_at(month.end),
            derivation.final_at(month.end),
            month.terms.reference,
            [cause for cause in CLAUSE_OF_CAUSE if month.terms.excludes(cause)],
            *month.terms.objective_ratio(),
            *month.terms.availability.max_unknown.as_integer_ratio(),
        )
        for place, month in enumerate(calendar.months(*held))
    ]
    _insert(client, "audit_months", months)
    _insert(client, "audit_terms", [(number, *row) for row in _spans_of_terms(calendar)])


def _spans_of_terms(calendar: Calendar) -> list[tuple[Any, ...]]:
    """The numbers that judge a sample, from when to when, for all time."""
    months = calendar.months(calendars.ALWAYS, NEVER)
    runs = [(numbers, next(run).start) for numbers, run in groupby(months, key=lambda month: _numbers(month.terms))]
    starts = [ALWAYS, *(start for _, start in runs[1:]), NEVER]
    return [(starts[place], starts[place + 1], *numbers) for place, (numbers, _) in enumerate(runs)]


def _numbers(terms: Terms) -> tuple[int, int, bool, str]:
    stated = terms.availability
    return (
        stated.missed_heartbeats,
        stated.default_interval_s * 1000,
        stated.outage_begins == "last_seen",
        stated.location_down_when,
    )


def _create(client: Client, table: str, columns: str) -> None:
    client.command(f"CREATE OR REPLACE TEMPORARY TABLE {table} ({columns})")


def _insert(client: Client, table: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        client.insert(table, rows)
