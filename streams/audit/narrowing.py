"""What of a replay is asked for: one account, one location, one month."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.facts import ExclusionProposal, Fact, LocationOutage, LocationState
from streams.calendars import ALWAYS
from streams.engine import FOREVER
from streams.folds.world import World
from streams.intervals import Interval

_OF_TIME = (LocationState, LocationOutage, ExclusionProposal)


@dataclass(frozen=True)
class Narrowing:
    """A fact is taken if it is of the account, the location and the month. States, outages and proposals have no
    account and no month of their own: those are taken that touch a time in which the account had the location, within
    the month of its calendar. Dead letters belong to nobody: they are left out."""

    account: str | None = None
    location: str | None = None
    month: str | None = None

    @property
    def narrows(self) -> bool:
        return self != Narrowing()

    def of(self, facts: Iterable[Fact], world: World) -> Iterator[Fact]:
        """Raises `ValueError` for a month that does not exist."""
        if not self.narrows:
            yield from facts
            return
        start, end = self._span(world)
        for fact in facts:
            if self.location not in (None, getattr(fact, "location_id", None)):
                continue
            if isinstance(fact, _OF_TIME):
                wanted = any(
                    _touches(fact, max(since, start), min(until, end)) for since, until in self._had(fact, world)
                )
            else:
                wanted = self.account in (None, fact.account_id) and self.month in (None, fact.month)  # type: ignore[attr-defined]
            if wanted:
                yield fact

    def _span(self, world: World) -> Interval:
        if self.month is None:
            return ALWAYS, FOREVER
        month = world.account_calendar(self.account).month(self.month)
        return month.start, month.end

    def _had(self, fact: Fact, world: World) -> Sequence[Interval]:
        """When the account had the fact's location; always, where no account is asked for."""
        if self.account is None:
            return ((ALWAYS, FOREVER),)
        tenures = world.registry.tenures(fact.key)
        return [(tenure.since, tenure.until) for tenure in tenures if tenure.account_id == self.account]


def _touches(fact: LocationState | LocationOutage | ExclusionProposal, start: int, end: int) -> bool:
    if isinstance(fact, LocationOutage):
        since, until = fact.started_at, fact.ended_at
    else:
        since, until = fact.from_, fact.to
    return since < end and (until is None or until > start)
