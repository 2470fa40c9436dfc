"""Credits of months that are final: they stay as they were said, whatever would follow of them by other folds or terms.

Their availability is told no more, but a claim may still come, or prove to be for another month, and a message that was
sent in time may be read late: what any of these touches is judged. Over all else only time passes: a credit that nobody
claimed expires when it was said to.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from schemas.facts import Availability, Credit
from streams.engine import FOREVER, Partition
from streams.folds.claims import Claim
from streams.folds.credits import Asked, Credits

Place = tuple[str, str | None, str | None]
"""Account, location and month: the identity of a credit, as far as a claim names it."""


class LastingCredits(Credits):
    """The fold of the one who writes the ledger."""

    said: Callable[[str], Sequence[Credit]]
    """What was said of a location's credits before."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.touched: set[Place] = set()
        """The months of which something was heard just now."""
        self.recorded: dict[str, int] = {}
        """Of each account of which the registry said something just now, when: of several records the first."""

    def absorb(self, asked: Asked, event: Availability | Claim, now: int) -> bool:
        before = asked.claims.get((event.account_id, event.ticket_id)) if isinstance(event, Claim) else None
        is_new = super().absorb(asked, event, now)
        if is_new:
            self.touched |= {_place(each) for each in (before, event) if each is not None}
        return is_new

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[Credit]:
        derived = {credit.identity: credit for credit in super().derive(key, asked, partition)}
        said = {credit.identity: credit for credit in self.said(key)}
        stand = (self._that_stands(said.get(place), derived.get(place)) for place in {**said, **derived})
        return [credit for credit in stand if credit is not None]

    def due(self, key: str, asked: Asked, partition: Partition) -> int:
        """Also when a credit expires that lasts."""
        now = self.world.slowest or 0
        ends = (credit.claim_deadline - 1 for credit in self.said(key) if credit.state == "eligible")
        return min([super().due(key, asked, partition), *(end for end in ends if end >= now)])

    def _that_stands(self, before: Credit | None, now: Credit | None) -> Credit | None:
        known = before or now
        if known is None or not self._lasts(known):
            return now
        return None if before is None else self._as_time_passed(before)

    def _lasts(self, credit: Credit) -> bool:
        is_final = credit.final_at <= (self.world.slowest or 0)
        is_in_time = self.recorded.get(credit.account_id, FOREVER) < credit.final_at
        return is_final and not is_in_time and credit.identity not in self.touched

    def _as_time_passed(self, credit: Credit) -> Credit:
        if credit.state not in ("eligible", "expired"):
            return credit
        is_over = (self.world.slowest or 0) >= credit.claim_deadline
        return msgspec.structs.replace(credit, state="expired" if is_over else "eligible")


def _place(event: Availability | Claim) -> Place:
    return event.account_id, event.location_id, event.month
