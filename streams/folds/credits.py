"""`credits`: an account's closed month at a location -> the days it earned (CR-1, CR-3, I-2, I-3, I-8; semantics §5).

It refuses to say anything about a month that is not closed, or that earned no days: such a credit is no current fact,
and one that was published before is withdrawn.
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from schemas.facts import Availability, Credit, Fact
from schemas.facts.fact import named
from schemas.terms.model import MINUTE_MS
from streams.calendars import Month, claim_deadline, eligible_at
from streams.engine import Fold, Partition, untold
from streams.folds.world import World

FOLD_VERSION = 1

Judged = dict[tuple[str, str], Availability]
"""A location's months by account and month: of each the newest, a retracted one included."""


class Credits(Fold):
    """The fold: a state is the months of a location."""

    fact: ClassVar[type[Fact]] = Credit
    reads: ClassVar = frozenset({Availability.TOPIC})

    world: World

    def empty(self) -> Judged:
        return {}

    def absorb(self, months: Judged, month: Availability, now: int) -> bool:
        identity = month.account_id, month.month
        known = months.get(identity)
        if known is not None and known.version > month.version:
            return False
        months[identity] = month
        return True

    def derive(self, key: str, months: Judged, partition: Partition) -> Sequence[Credit]:
        current = (month for month in months.values() if not month.retracted)
        earned = (credit(month, self.world.account_calendar(month.account_id).month(month.month)) for month in current)
        return [fact for fact in earned if fact is not None]

    def save(self, months: Judged, told: Sequence[Fact]) -> list[Fact]:
        return untold(months.values(), told)

    def load(self, saved: bytes) -> Judged:
        return {(month.account_id, month.month): month for month in Availability.load(saved)}

    def forget(
        self, key: str, months: Judged, partition: Partition, published: Sequence[Credit], before: int
    ) -> Sequence[Credit]:
        """Drop the months that ended by then."""
        ended = {identity for identity, month in months.items() if month.closed and month.as_of <= before}
        for identity in ended:
            del months[identity]
        return [fact for fact in published if (fact.account_id, fact.month) not in ended]

    def retract(self, fact: Credit) -> Credit:
        """Below the lowest tier before it was issued, a credit is withdrawn."""
        return msgspec.structs.replace(fact, state="withdrawn", credit_days=0, retracted=True)


def credit(month: Availability, calendar_month: Month) -> Credit | None:
    """The credit that a month's availability earned; None where it earned none or is not closed."""
    days = calendar_month.terms.credit_days(month.down_ms)
    if not month.closed or not days:
        return None
    return Credit(
        terms=month.terms,
        fold_version=FOLD_VERSION,
        settings=month.settings,
        credit_id=named(f"credit/{month.account_id}/{month.location_id}/{month.month}"),
        account_id=month.account_id,
        location_id=month.location_id,
        month=month.month,
        downtime_minutes=month.down_ms // MINUTE_MS,
        credit_days=days,
        state="eligible",
        eligible_at=eligible_at(calendar_month),
        claim_deadline=claim_deadline(calendar_month),
    )
