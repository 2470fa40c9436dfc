"""Credits of months that are final: what a corrected derivation alone would change of them stays as it was said.

Their availability is told no more, but a claim may still come, and a message that was sent in time may be read late:
what either touches is judged. Nothing else is, by which day's folds and terms it ever is asked about.
"""

from collections.abc import Callable, Iterator, Sequence

from schemas.facts import Credit
from streams.engine import Partition
from streams.folds.credits import Asked, Credits

Place = tuple[str, str, str]
"""Account, location and month: the identity of a credit."""


class LastingCredits(Credits):
    """The fold of the one who writes the ledger."""

    touched: set[Place]
    """The months of which something was heard just now."""
    said: Callable[[str], Sequence[Credit]]
    """What was said of a location's credits before."""

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[Credit]:
        derived = {credit.identity: credit for credit in super().derive(key, asked, partition)}
        said = {credit.identity: credit for credit in self.said(key) if not credit.retracted}
        return [*self._that_stand(derived, said)]

    def _that_stand(self, derived: dict[Place, Credit], said: dict[Place, Credit]) -> Iterator[Credit]:
        for place in dict.fromkeys((*said, *derived)):
            before, now = said.get(place), derived.get(place)
            days = [0 if credit is None else credit.credit_days for credit in (before, now)]
            lasting = before if days[0] != days[1] and self._lasts(before or now, place) else now
            if lasting is not None:
                yield lasting

    def _lasts(self, credit: Credit | None, place: Place) -> bool:
        is_final = credit is not None and credit.final_at <= (self.world.slowest or 0)
        return is_final and place not in self.touched
