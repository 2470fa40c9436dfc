"""Credits of months that are final: what a corrected derivation alone would change of them stays as it was said.

Their availability is told no more, but a claim may still come, and a message that was sent in time may be read late:
what either touches is judged. Nothing else is, by which day's folds and terms it ever is asked about.
"""

from collections.abc import Callable, Sequence

from schemas.facts import Credit
from streams.engine import FOREVER, Partition
from streams.folds.credits import Asked, Credits

Place = tuple[str, str, str]
"""Account, location and month: the identity of a credit."""


class LastingCredits(Credits):
    """The fold of the one who writes the ledger."""

    touched: set[Place]
    """The months of which something was heard just now."""
    recorded: dict[str, int]
    """Of each account of which the registry said something just now, when that was recorded: of several the first."""
    said: Callable[[str], Sequence[Credit]]
    """What was said of a location's credits before."""

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[Credit]:
        derived = {credit.identity: credit for credit in super().derive(key, asked, partition)}
        said = {credit.identity: credit for credit in self.said(key) if not credit.retracted}
        stand = (self._that_stands(said.get(place), derived.get(place)) for place in {**said, **derived})
        return [credit for credit in stand if credit is not None]

    def _that_stands(self, before: Credit | None, now: Credit | None) -> Credit | None:
        known = before or now
        return before if _days(before) != _days(now) and known is not None and self._lasts(known) else now

    def _lasts(self, credit: Credit) -> bool:
        is_final = credit.final_at <= (self.world.slowest or 0)
        is_in_time = self.recorded.get(credit.account_id, FOREVER) < credit.final_at
        return is_final and not is_in_time and credit.identity not in self.touched


def _days(credit: Credit | None) -> int:
    return 0 if credit is None else credit.credit_days
