"""What two derivations of the same input say differently (semantics §7, law 5)."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from schemas.facts import FACTS, Availability, BillingCredit, Fact
from streams.archive.read import current_facts
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay
from streams.folds.billing import is_whole

Identified = dict[tuple[str, Hashable], Fact]


@dataclass(frozen=True)
class Difference:
    """A fact that only one of two derivations knows, or that they tell differently."""

    before: Fact | None
    after: Fact | None

    @property
    def fact(self) -> Fact:
        found = self.after if self.before is None else self.before
        assert found is not None
        return found

    @property
    def columns(self) -> Mapping[str, tuple[Any, Any]]:
        """What is told differently, by column; empty where one side does not know the fact."""
        if self.before is None or self.after is None:
            return {}
        before, after = self.before.current(), self.after.current()
        return {name: (value, after[name]) for name, value in before.items() if value != after[name]}

    @property
    def days(self) -> tuple[int, int]:
        """The credit days that either side has in the ledger; of other facts none."""
        before, after = (each.days if isinstance(each, BillingCredit) else 0 for each in (self.before, self.after))
        return before, after

    def told(self, before: str, after: str) -> dict[str, Any]:
        """As a record that can be printed, with names for the two sides."""
        only = before if self.after is None else after if self.before is None else None
        return {
            "difference": f"only {only}" if only else "differs",
            **self._place,
            "fact": self.fact.current() if only else None,
            "columns": {name: {before: was, after: now} for name, (was, now) in self.columns.items()},
        }

    @property
    def _place(self) -> dict[str, Any]:
        """What names the fact, and where it stands in its output, as written."""
        fact, written = self.fact, self.fact.current()
        fields = zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True)
        return {wire: written[wire] for name, wire in fields if name in {*fact.IDENTITY, *fact.ORDER}}

    def __str__(self) -> str:
        told = self.told("published", "derived")
        columns = ", ".join(f"{name} {was} ≠ {now}" for name, (was, now) in self.columns.items())
        return f"{self.fact.TOPIC} {'/'.join(map(str, self.fact.identity))}: {told['difference']} {columns}".rstrip()


def differences(before: Iterable[Fact], after: Iterable[Fact]) -> list[Difference]:
    """In the order of outputs: by topic, key and the facts' own order."""
    old, new = identified(before), identified(after)
    found = [Difference(fact, new.get(identity)) for identity, fact in old.items()]
    found += [Difference(None, fact) for identity, fact in new.items() if identity not in old]
    differing = [each for each in found if each.before is None or each.after is None or each.columns]
    return in_order(differing)


def in_order(differing: Iterable[Difference]) -> list[Difference]:
    """In the order of outputs."""
    return sorted(differing, key=lambda each: (each.fact.TOPIC, each.fact.key, each.fact.order))


def identified(facts: Iterable[Fact]) -> Identified:
    return {(fact.TOPIC, fact.identity): fact for fact in facts}


def from_published(client: Client, audit: Replay, narrowing: Narrowing | None = None) -> list[Difference]:
    """Where what is published is not what the audit derives."""
    narrowing = narrowing or Narrowing()
    return against(published(client, narrowing), audit, narrowing)


def against(said: Iterable[Fact], audit: Replay, narrowing: Narrowing) -> list[Difference]:
    """Where these current facts are not what the audit derives.

    An open month is told when something happens and not as time goes by: as long as it is still to be told as it was,
    the audit tells it as of the same instant. Where it should have been closed, or told again, that is a difference.
    """
    derived = identified(narrowing.of(audit.facts(), audit.world))
    said = list(narrowing.of(said, audit.world))
    said = [*_without_ledger(said), *_settled(said, derived)]
    for fact in said:
        mine = derived.get((fact.TOPIC, fact.identity))
        if isinstance(fact, Availability) and isinstance(mine, Availability) and not (fact.closed or mine.closed):
            derived[fact.TOPIC, fact.identity] = audit.month_as_of(fact) or mine
    return differences(said, derived.values())


def _without_ledger(published: Iterable[Fact]) -> Iterator[Fact]:
    return (fact for fact in published if not isinstance(fact, BillingCredit))


def _settled(published: Iterable[Fact], derived: Mapping[tuple[str, Hashable], Fact]) -> Iterator[BillingCredit]:
    """The ledger says how it came to what is owed, and a replay does not: what must agree is the sum of a chain, and
    that it has no gap. One of which that is so is told as the replay tells it; of others, what they add up to."""
    chains: dict[tuple[str, str, str], list[BillingCredit]] = {}
    for entry in (fact for fact in published if isinstance(fact, BillingCredit)):
        chains.setdefault((entry.account_id, entry.location_id, entry.month), []).append(entry)
    for chain in chains.values():
        chain.sort(key=lambda entry: entry.n)
        days = sum(entry.days for entry in chain)
        mine = derived.get((BillingCredit.TOPIC, chain[0].identity))
        if not is_whole(chain):
            yield msgspec.structs.replace(chain[0], days=days, n=chain[-1].n, reason="the chain has a gap")
        elif isinstance(mine, BillingCredit) and mine.days == days:
            yield mine
        elif days:
            yield msgspec.structs.replace(chain[0], days=days)


def published(client: Client, narrowing: Narrowing) -> Iterator[Fact]:
    """The current facts; where one location is asked for, those of no other."""
    for kind in FACTS:
        if narrowing.location is None or "location_id" in kind.__struct_fields__:
            yield from current_facts(client, kind, location=narrowing.location)
