"""`response_monthly`: an account's responses -> how many of a month's requests were answered in time, and whether that
is enough (RS-4, NU-1, I-14, I-20).

It says nothing of all customers together: their facts are their own. Their sum is a view,
`schemas/clickhouse/views/responses.sql`.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Final, NamedTuple

from schemas.facts import Fact, ResponseMonth, TicketResponse
from schemas.facts.response import Apart, Outcome, TicketType
from schemas.terms.response import Response
from streams.calendars import Calendar
from streams.engine import Fold, Partition, untold
from streams.folds.responses import DEPENDS_ON
from streams.folds.world import World

FOLD_VERSION = 1

OUTCOMES: Final[tuple[Outcome, ...]] = ("met", "missed", "pending")


class Row(NamedTuple):
    """Of which fact a response is part; `all` for totals."""

    month: str
    priority: Any
    window: Any


class Kind(NamedTuple):
    """As what it is counted there."""

    ticket_type: TicketType
    outcome: Outcome


_counted_as = attrgetter("month", "priority", "window", "ticket_type", "outcome")


class Counts:
    """The state of an account: its responses, and how many of them count alike."""

    __slots__ = ("alike", "responses")

    def __init__(self) -> None:
        self.responses: dict[str, TicketResponse] = {}
        self.alike: dict[tuple[Any, ...], int] = {}
        """By row, which is no total, and kind."""

    def keep(self, response: TicketResponse) -> None:
        before = self.responses.pop(response.ticket_id, None)
        if before is not None:
            self._count(before, -1)
        if not response.retracted:
            self.responses[response.ticket_id] = response
            self._count(response, 1)

    def with_totals(self) -> Mapping[Row, Mapping[Kind, int]]:
        """Every row that has something, the totals too."""
        found: dict[Row, dict[Kind, int]] = {}
        for (month, priority, window, ticket_type, outcome), count in self.alike.items():
            if count:
                kind = Kind(ticket_type, outcome)
                for row in _sums(Row(month, priority, window)):
                    counts = found.setdefault(row, {})
                    counts[kind] = counts.get(kind, 0) + count
        return found

    def _count(self, response: TicketResponse, times: int) -> None:
        if response.counted in ("total", "apart"):
            counted_as = _counted_as(response)
            self.alike[counted_as] = self.alike.get(counted_as, 0) + times


class ResponseMonths(Fold):
    """The fold."""

    fact: ClassVar[type[Fact]] = ResponseMonth
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({TicketResponse.TOPIC})

    world: World

    def empty(self) -> Counts:
        return Counts()

    def absorb(self, counts: Counts, response: TicketResponse, now: int) -> bool:
        counts.keep(response)
        return True

    def derive(self, key: str, counts: Counts, partition: Partition) -> Sequence[ResponseMonth]:
        months = self.world.account_calendar(key)
        return [_month(key, row, kinds, months, self.world) for row, kinds in counts.with_totals().items()]

    def save(self, counts: Counts, told: Sequence[Fact]) -> Any:
        return untold(counts.responses.values(), told)

    def load(self, saved: bytes) -> Counts:
        counts = Counts()
        for response in TicketResponse.load(saved):
            counts.keep(response)
        return counts


def _sums(row: Row) -> tuple[Row, ...]:
    """A row and the totals that it is part of."""
    month, priority, window = row
    return row, Row(month, priority, "all"), Row(month, "all", window), Row(month, "all", "all")


def _month(account_id: str, row: Row, kinds: Mapping[Kind, int], months: Calendar, world: World) -> ResponseMonth:
    terms = months.month(row.month).terms
    met, missed, pending = _outcomes(kinds, terms.response.ticket_types)
    return ResponseMonth(
        terms=terms.reference,
        fold_version=FOLD_VERSION,
        settings=world.settings(DEPENDS_ON),
        account_id=account_id,
        month=row.month,
        priority=row.priority,
        window=row.window,
        total=met + missed,
        met=met,
        missed=missed,
        pending=pending,
        verdict=_verdict(met, met + missed, terms.response),
        attainment=terms.response.attainment,
        apart=tuple(_apart(kinds, terms.response)),
    )


def _verdict(met: int, total: int, terms: Response) -> Any:
    if not total or terms.judged_per == "all_customers":
        return "none"
    return "met" if terms.attained(met, total) else "breached"


def _apart(kinds: Mapping[Kind, int], terms: Response) -> Iterator[Apart]:
    told = {kind.ticket_type for kind in kinds}
    for each in terms.counted_apart:
        if each in told:
            met, missed, pending = _outcomes(kinds, (each,))
            yield Apart(each, met + missed, met, missed, pending)


def _outcomes(kinds: Mapping[Kind, int], types: Sequence[TicketType]) -> tuple[int, int, int]:
    """How many of these types were met, were missed and are pending."""
    counts = dict.fromkeys(OUTCOMES, 0)
    for kind, count in kinds.items():
        if kind.ticket_type in types:
            counts[kind.outcome] += count
    return counts["met"], counts["missed"], counts["pending"]
