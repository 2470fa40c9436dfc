"""What would follow if nothing readable had been refused: the difference, by reason (semantics §1).

A message that was refused for its time, its key or its identity can still be read. Those of one reason after the other
are taken in, in the order of the reasons: what changes is counted to the reason that brought it, so that the parts add
up to the whole. What cannot be read cannot be reconsidered; it is only counted.
"""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.facts import Credit, Fact
from schemas.wire import REASONS, Reason
from streams.audit.difference import Difference, identified, in_order
from streams.audit.narrowing import Narrowing
from streams.audit.replay import Replay


class Reconsidered(NamedTuple):
    """`refused` messages for this reason, of which `readable` were taken in, and what changed by that."""

    reason: Reason
    refused: int
    readable: int
    differences: list[Difference]

    @property
    def credit_days(self) -> int:
        """How many credit days more (or fewer) there would be."""
        days = {False: 0, True: 0}
        for difference in self.differences:
            for is_after, fact in ((False, difference.before), (True, difference.after)):
                days[is_after] += fact.credit_days if isinstance(fact, Credit) else 0
        return days[True] - days[False]


def reconsider(audit: Replay, narrowing: Narrowing) -> Iterator[Reconsidered]:
    """Each reason for which anything was refused. The audit must have read everything, with `keep_refused`."""
    known = identified(narrowing.of(audit.facts(), audit.world))
    counts = {reason: sum(letter.reason == reason for letter in audit.dead_letters) for reason in REASONS}
    for reason, count in counts.items():
        if not count:
            continue
        events = audit.refused.get(reason, [])
        for event, partition in events:
            audit.absorb(event, partition)
        found = []
        for fact in narrowing.of(audit.rederived(), audit.world) if events else ():
            identity = fact.TOPIC, fact.identity
            before, after = known.get(identity), _if_current(fact)
            if after is None:
                known.pop(identity, None)
            else:
                known[identity] = after
            if before is not None or after is not None:
                found.append(Difference(before, after))
        found = [each for each in found if each.before is None or each.after is None or each.columns]
        yield Reconsidered(reason, count, len(events), in_order(found))


def _if_current(fact: Fact) -> Fact | None:
    return None if fact.retracted else fact
