"""What would change of what is published if it were said anew: by a corrected fold, by other terms or settings, by what
came late and still waits. And the word that makes the platform say it: a reconciliation for each location or account.

What is published is compared with what a replay derives. Nothing is written here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.events import Reconciliation
from schemas.facts import (
    Availability,
    BillingCredit,
    Correction,
    Credit,
    ExclusionProposal,
    Fact,
    LocationOutage,
    LocationState,
)
from schemas.facts.fact import named
from streams.audit.difference import Difference, against
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay

Month = tuple[str, str, str]
"""Account, location and month."""

_FINAL_BY_THEMSELVES = (Availability, Credit, BillingCredit)


class Subject(NamedTuple):
    """A location or an account: what is asked anew as a whole."""

    kind: str
    """`location_id` or `account_id`."""
    id: str


class Days(NamedTuple):
    """Credit days of a month as they stand in the ledger, and as they follow now."""

    account_id: str
    location_id: str
    month: str
    published: int
    derived: int
    is_final: bool

    @property
    def change(self) -> int:
        return self.derived - self.published


class Chain(NamedTuple):
    """How many entries of a month are published, and what they add up to."""

    entries: int
    days: int


class Comparison:
    """What is published beside what follows, as it is known at an instant (ms): what is final then stays."""

    def __init__(self, published: Iterable[Fact], audit: Replay, now: int, narrowing: Narrowing | None = None) -> None:
        published = list(published)
        self.world = audit.world
        self.now = now
        self.differences: Sequence[Difference] = against(published, audit, narrowing or Narrowing())
        self._chains = _chains(published)

    def of(self, narrowing: Narrowing) -> list[Difference]:
        """What differs of a part of the facts."""
        return [each for each in self.differences if any(narrowing.of(_sides(each), self.world))]

    def whole(self, differences: Iterable[Difference]) -> list[Difference]:
        """All that differs of those locations and accounts of which these would change something."""
        subjects = {subject_of(each.fact) for each in differences if not self.stays(each)}
        return [each for each in self.differences if subject_of(each.fact) in subjects]

    def stays(self, difference: Difference) -> bool:
        """Whether it is of a time that is final: nothing changes that any more."""
        return all(self._is_final(fact) for fact in _sides(difference))

    def days(self, differences: Iterable[Difference]) -> list[Days]:
        """Where the days differ, by account, location and month."""
        changed = (each for each in differences if each.days[0] != each.days[1])
        return sorted(Days(*_month_of(each.fact), *each.days, self.stays(each)) for each in changed)

    def reconciliations(self, differences: Iterable[Difference], reason: str, author: str) -> Iterator[dict[str, Any]]:
        """The records that have the platform say what would change of these, as they are written."""
        by_subject: dict[Subject, list[Difference]] = {}
        for each in differences:
            if not self.stays(each):
                by_subject.setdefault(subject_of(each.fact), []).append(each)
        for subject, found in by_subject.items():
            yield {
                "entity": "reconciliation",
                "reconciliation_id": named(f"reconciliation/{subject.id}/{_as_it_stands(found)}"),
                subject.kind: subject.id,
                "valid_from": times.render(max(0, min(min(map(self._since, _sides(each))) for each in found))),
                "recorded_at": times.render(self.now),
                "facts": sorted({each.fact.TOPIC for each in found}),
                "months": [*self._months(found)] if subject.kind == "location_id" else [],
                "reason": reason,
                "author": author,
            }

    def was_asked(self, record: Reconciliation) -> bool:
        """Whether somebody had the same said before: it is of what stands there now, to the version of each fact."""
        asked = self.world.registry.reconciliations(record.subject)
        return any(each.reconciliation_id == record.reconciliation_id for each in asked)

    def _months(self, differences: Sequence[Difference]) -> Iterator[dict[str, Any]]:
        """What the ledger and the windows of claims need to know of each month that would change."""
        changes = {_month_of(each.fact): each for each in differences if isinstance(each.fact, BillingCredit)}
        told = {_month_of(each.fact): each for each in differences if isinstance(each.fact, Availability)}
        credits_ = {_month_of(each.fact) for each in differences if isinstance(each.fact, Credit)}
        for place in sorted({*changes, *told, *credits_}):
            account_id, _, month = place
            chain = self._chains.get(place, Chain(0, 0))
            change = sum(days.change for days in self.days([changes[place]])) if place in changes else 0
            yield {
                "account_id": account_id,
                "month": month,
                **(_told(told[place]) if place in told else {"known": []}),
                "entries": chain.entries,
                "days": max(0, chain.days + change),
            }

    def _is_final(self, fact: Fact) -> bool:
        if isinstance(fact, _FINAL_BY_THEMSELVES):
            return fact.final_at <= self.now
        end = _end(fact)
        return end is not None and end <= self.world.open_since(self.now)

    def _since(self, fact: Fact) -> int:
        """The first instant of which a fact says something."""
        if isinstance(fact, LocationOutage):
            return fact.started_at
        if isinstance(fact, LocationState | ExclusionProposal):
            return fact.from_
        month = getattr(fact, "month", None)
        try:
            return self.now if month is None else self.world.account_calendar(fact.account_id).month(month).start  # type: ignore[attr-defined]
        except ValueError:  # somebody claims a month that there is not
            return self.now


def subject_of(fact: Fact) -> Subject:
    """What is asked anew for a fact to be said: its location, or the account that has no location to it."""
    location_id = getattr(fact, "location_id", None)
    return Subject("account_id", fact.key) if location_id is None else Subject("location_id", location_id)


def _sides(difference: Difference) -> list[Fact]:
    return [fact for fact in (difference.before, difference.after) if fact is not None]


def _month_of(fact: Any) -> Month:
    return fact.account_id, fact.location_id, fact.month


def _end(fact: Fact) -> int | None:
    if isinstance(fact, LocationOutage):
        return fact.ended_at
    return fact.to if isinstance(fact, LocationState | ExclusionProposal) else None


def _told(difference: Difference) -> dict[str, Any]:
    """What was told of a closed month's downtime, where that is no longer so."""
    before, after = difference.before, difference.after
    if not isinstance(before, Availability) or not before.closed:
        return {"known": []}
    if isinstance(after, Availability) and _tells(before) == _tells(after):
        return {"known": []}
    steps = before.corrections or (Correction(before.as_of, before.down_ms),)
    told: dict[str, Any] = {
        "known": [{"recorded_at": times.render(step.recorded_at), "down_ms": step.down_ms} for step in steps]
    }
    return told if before.lowest_tier_at is None else told | {"lowest_tier_at": times.render(before.lowest_tier_at)}


def _tells(month: Availability) -> tuple[Any, ...]:
    return month.down_ms, month.corrections, month.lowest_tier_at


def _as_it_stands(differences: Iterable[Difference]) -> str:
    """What is published of it, so that the same is not asked for twice."""
    stands = sorted((each.fact.TOPIC, *map(str, each.fact.identity), *_version(each.before)) for each in differences)
    return msgspec.json.encode(stands).decode()


def _version(before: Fact | None) -> tuple[int, int]:
    """Of what is published; a chain has that of its first entry, and grows by its days."""
    if before is None:
        return 0, 0
    return before.version, before.days if isinstance(before, BillingCredit) else 0


def _chains(published: Iterable[Fact]) -> dict[Month, Chain]:
    entries: Counter[Month] = Counter()
    days: Counter[Month] = Counter()
    for fact in published:
        if isinstance(fact, BillingCredit):
            entries[_month_of(fact)] += 1
            days[_month_of(fact)] += fact.days
    return {place: Chain(entries[place], days[place]) for place in entries}
