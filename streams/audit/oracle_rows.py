"""The rows on which two derivations must agree, and how each is read: as derived, and as published.

Fields are named as in the published facts; instants and durations are in ms, None is what has not ended or is not.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from schemas.facts.fact import named
from schemas.times import render


class State(NamedTuple):
    """A row of `location_states`."""

    location_id: str
    from_: int
    to: int | None
    state: str
    devices_up: int
    devices_down: int
    devices_unknown: int
    devices_silent: int
    resolution_ms: int | None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location_id, render(self.from_))


class Outage(NamedTuple):
    """A row of `location_outages`."""

    outage_id: str
    location_id: str
    started_at: int
    ended_at: int | None
    kind: str
    devices: int
    unknown_ms: int

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location_id, render(self.started_at))


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
    terms_before_effective: bool
    terms: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account_id, self.location_id, self.month)


Row = State | Outage | Month

TABLES: Final[dict[type[Row], str]] = {State: "location_states", Outage: "location_outages", Month: "availability"}

DERIVED: Final[dict[type[Row], str]] = {
    State: """
        SELECT location_id, `from`, nullIf(`to`, {never:Int64}), state, devices_up, devices_down, devices_unknown,
               devices_silent, nullIf(resolution_ms, 0)
        FROM audit_states LEFT JOIN audit_resolutions USING (location_id, `from`)
        ORDER BY location_id, `from`""",
    Outage: """
        SELECT '', location_id, started_at, nullIf(ended_at, {never:Int64}), kind, devices, unknown_ms
        FROM audit_outages ORDER BY location_id, started_at""",
    Month: "SELECT * FROM audit_availability ORDER BY location_id, month, account_id",
}
"""Columns in the order of the fields."""

PUBLISHED: Final[dict[type[Row], str]] = {
    State: """
        SELECT location_id, toUnixTimestamp64Milli(`from`), toUnixTimestamp64Milli(`to`), state,
               devices_up, devices_down, devices_unknown, devices_silent, resolution_ms
        FROM location_states_current WHERE location_id BETWEEN {first:String} AND {last:String}""",
    Outage: """
        SELECT outage_id, location_id, toUnixTimestamp64Milli(started_at), toUnixTimestamp64Milli(ended_at),
               kind, devices, unknown_ms
        FROM location_outages_current WHERE location_id BETWEEN {first:String} AND {last:String}""",
    Month: """
        SELECT account_id, location_id, month, covered_ms, up_ms, down_ms, excluded_ms, unknown_ms, availability,
               objective_met, budget_left_ms, incomplete, resolution_ms, closed, toUnixTimestamp64Milli(as_of),
               toUnixTimestamp64Milli(final_at), terms_before_effective, terms
        FROM availability_current WHERE location_id BETWEEN {first:String} AND {last:String}""",
}

AS_OF: Final = """
    SELECT account_id, location_id, month, toUnixTimestamp64Milli(as_of) FROM availability_current WHERE NOT closed"""


def outage_named(outage: Outage) -> Outage:
    """The outage with its id, which follows from its place and its start (semantics §3)."""
    return outage._replace(outage_id=named(f"outage/{outage.location_id}/{render(outage.started_at)}"))
