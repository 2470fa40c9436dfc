"""What a statement says, as data: the JSON, and all that a page is made of. Facts stand in it as a replay prints them.

Instants are integer milliseconds until written, durations milliseconds, numbers exact.
"""

from hashlib import sha256
from typing import Any, Literal

import msgspec

from schemas import times
from schemas.facts import Availability, BillingCredit, ClaimAnswer, Credit, Fact, ResponseMonth, TicketResponse
from schemas.facts.fact import Instant, Milliseconds, instants

What = Literal["up", "down", "excluded", "unknown", "not_covered", "not_had", "ahead"]
Why = Literal["not_listening", "no_device", "monitoring_gap"]
Effect = Literal["excluded", "unknown", "none"]
Status = Literal["running", "ended", "closed", "final"]
LedgerAs = Literal["published", "derived"]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the month at a location. Those of a location make up the whole month, in order.

    `down` is downtime that counts, `excluded` downtime that an approved cause takes away. `not_covered`: the account
    had the location and the agreement did not apply to it; `not_had`: the account did not have it, or it was not
    active; `ahead`: not told of yet.
    """

    from_: Instant = msgspec.field(name="from")
    to: Instant
    what: What
    why: Why | None = None
    """Of unknown time: the platform was `not_listening`; there was `no_device` to speak for the location; or somebody
    approved that it was a `monitoring_gap`."""

    @property
    def duration(self) -> int:
        return self.to - self.from_


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """What of an outage lies in the month and in time in which the account had the location: the sum of four parts."""

    outage_id: str
    from_: Instant = msgspec.field(name="from")
    to: Instant
    began_before: bool
    """Whether it began before `from`: in the month before, or as another's."""
    goes_on: bool
    """Whether it went on after `to`, or has not ended."""
    kind: Literal["reported", "silence"]
    devices: int
    counted_ms: Milliseconds
    excluded_ms: Milliseconds
    unknown_ms: Milliseconds
    not_covered_ms: Milliseconds
    annotations: tuple[str, ...]
    """The ids of those that were approved for time in it."""

    @property
    def duration(self) -> int:
        return self.to - self.from_


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """An annotation that is in force and says why a location was down, with its time in the month."""

    annotation_id: str
    revision: int
    cause: str
    clause: str | None
    effect: Effect
    from_: Instant = msgspec.field(name="from")
    to: Instant
    took_ms: Milliseconds
    """The downtime that it took away. Where several take the same, it is said of the one that was recorded first."""
    author: str | None
    approved_by: str | None
    recorded_at: Instant
    proposal_id: str | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An account's month at one of its locations."""

    location_id: str
    name: str | None
    site: str | None
    access: Literal["provider_circuit", "customer_broadband"] | None
    sla_from: Instant | None
    """As last registered: from when on the agreement applies to it (EX-5)."""
    availability: Availability | None
    """Null: nothing is known of the location in the month."""
    allowed_ms: Milliseconds
    """Downtime that the objective allows in the covered time."""
    timeline: tuple[Stretch, ...]
    outages: tuple[Outage, ...]
    annotations: tuple[Note, ...]
    credit: Credit | None
    ledger: tuple[BillingCredit, ...]
    """The entries, in the order of their chain; which ones, the statement says (`ledger_as`)."""
    owed_days: int
    """What they must add up to, by all that is known."""

    @property
    def ledger_days(self) -> int:
        return sum(entry.days for entry in self.ledger)

    @property
    def was_had(self) -> bool:
        """Whether the account had it at all in the month, by what is known now."""
        return any(stretch.what != "not_had" for stretch in self.timeline)

    @property
    def is_covered(self) -> bool:
        return self.availability is not None and self.availability.covered_ms > 0


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the terms, by its key in their file, with the clauses and readings (I-n) that it states."""

    key: str
    value: Any
    clauses: tuple[str, ...]
    meaning: str

    @property
    def readings(self) -> list[str]:
        return [clause for clause in self.clauses if clause.startswith("I-")]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """The terms that judge the month, and every value of them that the statement depends on."""

    reference: str
    series: str
    effective: str
    notified: str
    before_effective: bool
    values: tuple[Agreed, ...]

    def value(self, key: str) -> Any:
        return next(agreed.value for agreed in self.values if agreed.key == key)


class Responses(msgspec.Struct, frozen=True, kw_only=True):
    """How the month's requests were answered."""

    months: tuple[ResponseMonth, ...]
    missed: tuple[TicketResponse, ...]
    pending: tuple[TicketResponse, ...]
    left_out: dict[str, int]
    """How many tickets are in no total and not counted apart either, by the reason."""
    holidays: tuple[str, ...]
    """Who named the holidays, with the version (I-13)."""

    @property
    def has_any(self) -> bool:
        return bool(self.months or self.left_out)

    @property
    def whole(self) -> ResponseMonth | None:
        """All of them; None: there were none."""
        return next((month for month in self.months if (month.priority, month.window) == ("all", "all")), None)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One account's month."""

    account_id: str
    account_name: str | None
    month: str
    zone: str
    starts_at: Instant
    ends_at: Instant
    status: Status
    """`running`: the month is not over; `ended`: it is, and not decided; `closed`: it may be corrected; `final`."""
    as_of: Instant
    """Stream time; of a final statement that from which nothing in it changes with time."""
    closes_at: Instant
    final_at: Instant
    until: Instant | None
    """Only what had arrived by then was looked at; null: all that there is."""
    terms: Agreement
    ledger_as: LedgerAs
    """Entries of the ledger are all that were `published`; or, where that was not looked at, the shortest chains that
    are `derived` from what is owed, in which nothing was issued and taken back."""
    locations: tuple[Place, ...]
    claims: tuple[ClaimAnswer, ...]
    responses: Responses
    fold_versions: dict[str, int]
    settings: dict[str, int]


def written(part: Any) -> Any:
    """A statement, or a part of it, as plain values: instants as text."""
    if isinstance(part, Fact):
        return part.current()
    if isinstance(part, msgspec.Struct):
        at = instants(type(part))
        names = zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True)
        values = ((wire, getattr(part, name), name in at) for name, wire in names)
        return {
            wire: times.render(value) if is_at and value is not None else written(value)
            for wire, value, is_at in values
        }
    return [written(each) for each in part] if isinstance(part, tuple) else part


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def as_json(statement: Statement) -> bytes:
    """The statement as a document of lines, the last one ended too."""
    return msgspec.json.format(_ENCODER.encode(written(statement)), indent=2) + b"\n"


def digest(statement: Statement) -> str:
    """The SHA-256 of the JSON, hexadecimal: what a page is known by."""
    return sha256(as_json(statement)).hexdigest()
