"""What a replay was told and what followed, for whoever explains it."""

from collections.abc import Iterable
from typing import Any, TypeVar

from schemas.facts import BillingCredit, Fact
from schemas.terms.cited import Reference, TermsText
from schemas.terms.model import Terms
from streams.audit.explain import inputs
from streams.audit.explain.step import Input
from streams.calendars import Calendar
from streams.engine import Fold, Partition
from streams.folds.chain import Chain
from streams.folds.clock import Clock

FactType = TypeVar("FactType", bound=Fact)


class Derived:
    """A chain of folds that was told everything, and the current facts that follow for what is explained."""

    def __init__(
        self, chain: Chain, facts: Iterable[Fact], text: TermsText, published: Iterable[BillingCredit] = ()
    ) -> None:
        """`published`: entries of the ledger as they are, in place of the shortest chains that a replay tells."""
        self.chain = chain
        self.world = chain.world
        entries = [*published]
        self._published = {_owed_for(entry) for entry in entries}
        told = (fact for fact in facts if not isinstance(fact, BillingCredit) or not self.is_published(fact))
        self.facts: list[Fact] = [*told, *entries]
        self._text = text

    def is_published(self, entry: BillingCredit) -> bool:
        """Whether an entry's chain is told as it was published."""
        return _owed_for(entry) in self._published

    def of_location(self, fold: type[Fold], location_id: str) -> Any:
        """The state of a fold; None: the location is not known."""
        held = self.chain.loop.keys.get(location_id)
        return None if held is None else held.states[_place(self.chain.loop.folds, fold)]

    def of_account(self, fold: type[Fold], account_id: str) -> Any:
        """Likewise of an account."""
        held = self.chain.desk.keys.get(account_id)
        return None if held is None else held.states[_place(self.chain.desk.folds, fold)]

    def fold(self, kind: type[Fold]) -> Any:
        """The fold itself."""
        return self.chain.loop.folds[_place(self.chain.loop.folds, kind)]

    def partition(self, location_id: str) -> Partition:
        held = self.chain.loop.keys.get(location_id)
        return None if held is None else held.partition

    def clock(self, location_id: str) -> Clock:
        return self.world.clock(self.partition(location_id))

    def slowest(self) -> Input:
        """What brought the time that every partition has reached."""
        clocks = self.world.clocks.items()
        timed = [(clock.time, str(partition), partition) for partition, clock in clocks if clock.time is not None]
        if not timed:
            return Input("stream time: no partition has any")
        partition = min(timed)[2]
        return inputs.stream_time(self.world.clocks[partition], partition)

    def calendar(self, account_id: str) -> Calendar:
        return self.world.account_calendar(account_id)

    def all(self, kind: type[FactType], **fields: Any) -> list[FactType]:
        """The facts of a kind with these values, in the order of outputs."""
        found = (fact for fact in self.facts if isinstance(fact, kind))
        alike = (fact for fact in found if all(getattr(fact, name) == value for name, value in fields.items()))
        return sorted(alike, key=lambda fact: (fact.key, fact.order))

    def cite(self, clause: str, terms: Terms, *keys: str) -> Reference:
        return self._text.cite(clause, terms, *keys)


def _owed_for(entry: BillingCredit) -> tuple[str, str, str]:
    return entry.account_id, entry.location_id, entry.month


def _place(folds: Iterable[Fold], kind: type[Fold]) -> int:
    return next(place for place, fold in enumerate(folds) if isinstance(fold, kind))
