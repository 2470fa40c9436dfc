"""`response_monthly`: an account's responses -> how many of a month's requests were answered in time, and whether that
is enough (RS-4, NU-1, I-14, I-20).

It says nothing of all customers together: their facts are their own. Their sum is a view,
`schemas/clickhouse/views/responses.sql`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, NamedTuple

from schemas.facts import Fact, ResponseMonth, TicketResponse
from schemas.facts.response import Apart, Outcome, TicketType
from schemas.terms.response import Response
from streams.engine import Fold, Partition, untold
from streams.folds.responses import DEPENDS_ON
from streams.folds.world import World

FOLD_VERSION = 1

OUTCOMES: Final[tuple[Outcome, ...]] = ("met", "missed", "pending")


class Row(NamedTuple):
    """Of which fact a response is part."""

    month: str
    priority: Any
    window: Any


class Kind(NamedTuple):
    """As what it is counted there."""

    ticket_type: TicketType
    outcome: Outcome


class Counts:
    """The state of an account: its responses, and how many of each kind there are in each row."""

    __slots__ = ("responses", "rows")

    def __init__(self) -> None:
        self.responses: dict[str, TicketResponse] = {}
        self.rows: dict[Row, Counter[Kind]] = {}

    def keep(self, response: TicketResponse) -> None:
        before = self.responses.pop(response.ticket_id, None)
        if before is not None:
            self._count(before, -1)
        if not response.retracted:
            self.responses[response.ticket_id] = response
            self._count(response, 1)

    def _count(self, response: TicketResponse, times: int) -> None:
        if response.counted in ("total", "apart"):
            kind = Kind(response.ticket_type, response.outcome)
            for row in _rows(response):
                self.rows.setdefault(row, Counter())[kind] += times


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
        return [_month(key, row, kinds, self.world) for row, kinds in counts.rows.items() if any(kinds.values())]

    def save(self, counts: Counts, told: Sequence[Fact]) -> Any:
        return untold(counts.responses.values(), told)

    def load(self, saved: bytes) -> Counts:
        counts = Counts()
        for response in TicketResponse.load(saved):
            counts.keep(response)
        return counts


def _rows(response: TicketResponse) -> Iterator[Row]:
    for priority in (response.priority, "all"):
        for window in (response.window, "all"):
            yield Row(response.month, priority, window)


def _month(account_id: str, row: Row, kinds: Counter[Kind], world: World) -> ResponseMonth:
    terms = world.account_calendar(account_id).month(row.month).terms
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


def _apart(kinds: Counter[Kind], terms: Response) -> Iterator[Apart]:
    for kind in terms.counted_apart:
        met, missed, pending = _outcomes(kinds, (kind,))
        if met or missed or pending:
            yield Apart(kind, met + missed, met, missed, pending)


def _outcomes(kinds: Counter[Kind], types: Sequence[TicketType]) -> tuple[int, int, int]:
    """How many of these types were met, were missed and are pending."""
    met, missed, pending = (sum(kinds[Kind(each, outcome)] for each in types) for outcome in OUTCOMES)
    return met, missed, pending
