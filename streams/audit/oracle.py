"""The independent oracle (semantics §7, law 7): states, outages and months by ClickHouse SQL from the accepted archive.

The files in `sql/` are the derivation: each makes one temporary table, and nothing of them comes from the folds. Here
they are run, first for what all locations share, then for one slice of locations after the other, so that memory stays
bounded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from clickhouse_connect.driver.client import Client

from schemas.derivation import SECOND_MS, Derivation
from schemas.terms.book import Book
from schemas.topics import DEFAULT_PARTITIONS
from streams.audit import oracle_inputs
from streams.audit.oracle_inputs import ALWAYS, NEVER, MonthKey
from streams.audit.oracle_rows import AS_OF, DERIVED, PUBLISHED, TABLES, Month, Outage, Row, State, outage_named

SQL: Final = Path(__file__).with_name("sql")
SHARED: Final = (
    "partitions",
    "blind",
    "locations",
    "location_terms",
    "changing_devices",
)
"""What is derived once, after the registry's versions, in this order."""

SLICED: Final = (
    "late_copies",
    "marks",
    "samples",
    "presence",
    "turns",
    "states",
    "holds",
    "resolutions",
    "outages",
    "account_months",
    "availability",
)
"""What is derived for a slice of the locations, in this order."""

HEARTBEATS_AT_ONCE: Final = 10_000_000
SETTINGS: Final = {"max_bytes_before_external_sort": 1 << 30, "max_bytes_before_external_group_by": 1 << 30}


LEAST, GREATEST, NEXT = "", "\U0010ffff" * 256, "\0"
"""No id is less, and none greater; what follows an id at once is the id and `NEXT`."""


@dataclass(frozen=True)
class Derived:
    """What follows from the archive for the ids from `first` to `last`, each list in order."""

    first: str
    last: str
    heartbeats: int
    states: list[State]
    outages: list[Outage]
    months: list[Month]

    def rows(self) -> Iterator[Row]:
        yield from self.states
        yield from self.outages
        yield from self.months


class Difference(NamedTuple):
    """Where the derivation and what is published disagree; None where one of them has no such row."""

    table: str
    identity: tuple[str, ...]
    derived: Row | None
    published: Row | None

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """The fields that differ: derived, published. Empty where one side has no row."""
        if self.derived is None or self.published is None:
            return {}
        names = zip(self.derived._fields, self.derived, self.published, strict=True)
        return {name: (derived, published) for name, derived, published in names if derived != published}


def derive(
    client: Client,
    book: Book,
    derivation: Derivation,
    *,
    partitions: int = DEFAULT_PARTITIONS["location"],
    as_of: Mapping[MonthKey, int] | None = None,
    heartbeats_at_once: int = HEARTBEATS_AT_ONCE,
) -> Iterator[Derived]:
    """The derivation, slice by slice of about so many heartbeats. `as_of` says up to when (ms) an open month is told,
    by account, location and month; else it is told up to stream time. Without heartbeats and ticks nothing follows.
    The slices cover every id, whether the archive knows it or not.

    The client must keep its session, where the temporary tables live. Raises what clickhouse-connect raises.
    """
    held = oracle_inputs.held(client)
    if held is None:
        yield Derived(LEAST, GREATEST, 0, [], [], [])
        return
    numbers = {
        "always": ALWAYS,
        "never": NEVER,
        "lag_ms": derivation.max_clock_lag_s * SECOND_MS,
        "blind_after_ms": derivation.blind_after_ms,
        "partitions": partitions,
    }
    oracle_inputs.hand_over_months(client, book, derivation, held)
    oracle_inputs.hand_over_hashes(client)
    oracle_inputs.hand_over_as_of(client, as_of or {})
    _run(client, "versions", numbers)
    oracle_inputs.hand_over_accounts(client, book, derivation, held)
    for name in SHARED:
        _run(client, name, numbers)
    for first, last, heartbeats in _slices(client, heartbeats_at_once):
        for name in SLICED:
            _run(client, name, {**numbers, "first": first, "last": last})
        yield Derived(
            first,
            last,
            heartbeats,
            _rows(client, State, DERIVED[State], numbers),
            [outage_named(outage) for outage in _rows(client, Outage, DERIVED[Outage], numbers)],
            _rows(client, Month, DERIVED[Month], numbers),
        )


def compare(
    client: Client,
    book: Book,
    derivation: Derivation,
    *,
    partitions: int = DEFAULT_PARTITIONS["location"],
    heartbeats_at_once: int = HEARTBEATS_AT_ONCE,
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Difference]:
    """Where the derivation differs from the published facts; an open month is derived up to its published `as_of`.

    `done` is told how many heartbeats more were compared.
    """
    as_of = {(account, location, month): at for account, location, month, at in client.query(AS_OF).result_rows}
    for part in derive(
        client, book, derivation, partitions=partitions, as_of=as_of, heartbeats_at_once=heartbeats_at_once
    ):
        slice_ = {"first": part.first, "last": part.last}
        published = [row for kind, sql in PUBLISHED.items() for row in _rows(client, kind, sql, slice_)]
        yield from (each for each in differences(part.rows(), published) if not is_taken_back(each, book))
        done(part.heartbeats)


def differences(derived: Iterable[Row], published: Iterable[Row]) -> Iterator[Difference]:
    """What two derivations of the same input disagree on, by table and identity."""
    one = {(TABLES[type(row)], row.identity): row for row in derived}
    other = {(TABLES[type(row)], row.identity): row for row in published}
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield Difference(*name, one.get(name), other.get(name))


def is_taken_back(difference: Difference, book: Book) -> bool:
    """Whether it is a month of nothing that is told only because the terms keep what was issued for it (I-18): whose a
    location was by what had been recorded at an earlier time is not derived here."""
    published = difference.published if difference.derived is None else None
    return book.keeps_issued and isinstance(published, Month) and not published.covered_ms


def _run(client: Client, name: str, numbers: Mapping[str, Any]) -> None:
    sql = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    used = {number: value for number, value in numbers.items() if f"{{{number}:" in sql}
    client.command(sql, parameters=used, settings=SETTINGS)


def _rows(client: Client, kind: type[Row], sql: str, numbers: Mapping[str, Any]) -> list[Any]:
    used = {number: value for number, value in numbers.items() if f"{{{number}:" in sql}
    return [kind(*row) for row in client.query(sql, parameters=used, settings=SETTINGS).result_rows]


def _slices(client: Client, heartbeats_at_once: int) -> Iterator[tuple[str, str, int]]:
    """Ranges of ids that leave none out, known or not: each of about so many heartbeats, of one location at least.

    With how many heartbeats there are.
    """
    first, last, heartbeats = LEAST, LEAST, 0
    for location_id, count in client.query(
        "SELECT location_id, heartbeats FROM audit_locations ORDER BY 1"
    ).result_rows:
        if heartbeats and heartbeats + count > heartbeats_at_once:
            yield first, last, heartbeats
            first, heartbeats = last + NEXT, 0
        last, heartbeats = location_id, heartbeats + count
    yield first, GREATEST, heartbeats
