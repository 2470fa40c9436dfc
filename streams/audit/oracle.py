"""The independent oracle (semantics §7, law 7): states, outages and months by ClickHouse SQL from the accepted archive.

The files in `sql/` are the derivation: each makes one temporary table, and nothing of them comes from the folds. Here they are
run, first for what all locations share, then for one slice of locations after the other, so that memory stays bounded.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from clickhouse_connect.driver.client import Client

from schemas.derivation import SECOND_MS, Derivation
from schemas.facts.fact import named
from schemas.terms.book import Book
from schemas.times import render
from schemas.topics import DEFAULT_PARTITIONS
from streams.audit import oracle_inputs
from streams.audit.oracle_inputs import ALWAYS, NEVER, MonthKey

SQL: Final = Path(__file__).with_name("sql")
HEARTBEATS_AT_ONCE: Final = 10_000_000
SETTINGS: Final = {
    "max_bytes_before_external_sort": 1 << 30,
    "max_bytes_before_external_group_by": 1 << 30,
    "join_use_nulls": 0,
}


class State(NamedTuple):
    """A row of `location_states`; instants and durations in ms, `to` None while it lasts."""

    location_id: str
    from_: int
    to: int | None
    state: str
    devices_up: int
    devices_down: int
    devices_unknown: int
    devices_silent: int
    resolution_ms: int | None


class Outage(NamedTuple):
    """A row of `location_outages`."""

    outage_id: str
    location_id: str
    started_at: int
    ended_at: int | None
    kind: str
    unknown_ms: int


class Month(NamedTuple):
    """A row of `availability`."""

    account_id: str
    location_id: str
    month: str
    covered_ms: int
    up_ms: int
    down_ms: int
    excluded_ms: int
    unknown_ms: int
    availability: Decimal | None
    objective_met: bool
    budget_left_ms: int
    incomplete: bool
    resolution_ms: int | None
    closed: bool
    as_of: int
    final_at: int
    terms: str


@dataclass(frozen=True)
class Derived:
    """What follows from the archive for the locations from `first` to `last`, in order."""

    first: str
    last: str
    states: list[State]
    outages: list[Outage]
    months: list[Month]


def derive(
    client: Client,
    book: Book,
    derivation: Derivation,
    *,
    partitions: int = DEFAULT_PARTITIONS["location"],
    as_of: Mapping[MonthKey, int] | None = None,
    heartbeats_at_once: int = HEARTBEATS_AT_ONCE,
) -> Iterator[Derived]:
    """The derivation, slice by slice. `as_of` says up to when an open month is told, by account, location and month.

    The client must keep its session, where the temporary tables live. Raises what clickhouse-connect raises.
    """
    run = _Run(
        client,
        {
            "always": ALWAYS,
            "never": NEVER,
            "lag_ms": derivation.max_clock_lag_s * SECOND_MS,
            "blind_after_ms": derivation.blind_after_ms,
            "partitions": partitions,
        },
    )
    oracle_inputs.hand_over_months(client, book, derivation)
    oracle_inputs.hand_over_hashes(client)
    oracle_inputs.hand_over_as_of(client, as_of or {})
    run.file("01_versions")
    oracle_inputs.hand_over_accounts(client, book, derivation)
    for name in ("02_partitions", "03_blind", "04_locations", "05_terms", "06_changing_devices"):
        run.file(name)
    for first, last in _slices(client, heartbeats_at_once):
        yield run.slice(first, last)


class _Run:
    def __init__(self, client: Client, numbers: dict[str, Any]) -> None:
        self._client = client
        self._numbers = numbers

    def file(self, name: str, **slice_: str) -> None:
        sql = (SQL / f"{name}.sql").read_text(encoding="utf-8")
        self._client.command(sql, parameters={**self._numbers, **slice_}, settings=SETTINGS)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._client.query(sql, parameters=self._numbers, settings=SETTINGS).result_rows)

    def slice(self, first: str, last: str) -> Derived:
        for path in sorted(SQL.glob("*.sql")):
            if path.stem >= "07":
                self.file(path.stem, first=first, last=last)
        return Derived(
            first,
            last,
            [State(*row) for row in self.rows(_STATES)],
            [Outage(named(f"outage/{row[0]}/{render(row[1])}"), *row) for row in self.rows(_OUTAGES)],
            [Month(*row) for row in self.rows(_MONTHS)],
        )


def _slices(client: Client, heartbeats_at_once: int) -> Iterator[tuple[str, str]]:
    """Ranges of location ids, each of about so many heartbeats and no less than one location."""
    first, last, heartbeats = "", "", 0
    for location_id, count in client.query("SELECT location_id, heartbeats FROM audit_locations ORDER BY 1").result_rows:
        if heartbeats and heartbeats + count > heartbeats_at_once:
            yield first, last
            first, heartbeats = location_id, 0
        first, last, heartbeats = first or location_id, location_id, heartbeats + count
    if last:
        yield first, last


_STATES: Final = """
SELECT location_id, `from`, nullIf(`to`, {never:Int64}), state, devices_up, devices_down, devices_unknown, devices_silent,
       nullIf(resolution_ms, 0)
FROM audit_states LEFT JOIN audit_resolutions USING (location_id, `from`)
ORDER BY location_id, `from`"""

_OUTAGES: Final = """
SELECT location_id, started_at, nullIf(ended_at, {never:Int64}), kind, unknown_ms
FROM audit_outages ORDER BY location_id, started_at"""

_MONTHS: Final = "SELECT * FROM audit_availability ORDER BY location_id, month, account_id"
