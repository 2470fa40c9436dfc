"""What stands in the output of a partition and was not said by this process.

It may be of one that crashed after its last save, or of one that was paused, lost its partitions and woke up. Versions
keep an old fact from overruling a new one, but not from standing where nothing new was said. So whatever another wrote
is compared with what this process holds to have said, as soon as it has read as much input: what does not follow is
retracted, what is missing is said again.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, Message

from schemas.facts import ExclusionProposal, Fact, LocationOutage, LocationState
from streams.engine import by_identity
from streams.intake.memory import STATES
from streams.intake.outbox import Range
from streams.intake.share import FOLDS, Share
from streams.kafka import read

_PLACES = {fold.fact.TOPIC: place for place, fold in enumerate(FOLDS)}


class Found(NamedTuple):
    """A fact of another process, and where it stands."""

    fact: Fact
    offset: int


class Output:
    """The facts of others in one partition that wait to be compared."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._waiting: list[Found] = []

    def look(self, reader: Consumer, ranges: Iterable[Range]) -> None:
        """Read what stands there. Raises Interrupted."""
        for topic, partition, start, end in map(msgspec.structs.astuple, ranges):
            self._waiting += [
                found for message in read(reader, topic, partition, start, end) if (found := _found(topic, message))
            ]

    def compare(self) -> int:
        """Compare what this process has read as much input for; how many facts had to be judged again."""
        share = self._share
        if not self._waiting or share.is_quiet:
            return 0
        version = share.at(share.position - 1).version
        ready = [found for found in self._waiting if found.fact.version <= version]
        if not ready:
            return 0
        self._waiting = [found for found in self._waiting if found.fact.version > version]
        newest: dict[tuple[str, object], Fact] = {}
        for fact, _ in sorted(ready, key=_by_version):
            newest[fact.TOPIC, fact.identity] = fact
        doubtful = {fact.key for fact in newest.values() if self._is_doubtful(fact)}
        share.judge_again(sorted(doubtful))
        return len(doubtful)

    def _is_doubtful(self, fact: Fact) -> bool:
        """Whether a fact is not the one that is held to have been said; if so, it is from now on."""
        loop, place = self._share.chain.loop, _PLACES[fact.TOPIC]
        held = loop.keys.get(fact.key)
        known = None if held is None else by_identity(held.published[place]).get(fact.identity)
        if known is not None:
            is_doubtful = known.version <= fact.version and not known.says(fact)
        else:
            is_doubtful = not fact.retracted and (held is None or _begins(fact) > held.states[STATES].base_at)
        if is_doubtful:
            loop.was_said(fact.key, self._share.partition, place, fact)
        return is_doubtful

    def unseen_from(self, topic: str, end: int) -> int:
        """The first offset of a watched topic that holds something not yet compared; `end` where there is nothing."""
        return min((found.offset for found in self._waiting if topic == found.fact.TOPIC), default=end)


def _found(topic: str, message: Message) -> Found | None:
    """The fact of a message; None for progress, which stands in band, and for what is no fact."""
    key, value, offset = message.key(), message.value(), message.offset()
    if key is None or value is None or offset is None:
        return None
    try:
        return Found(FOLDS[_PLACES[topic]].fact.read(msgspec.json.decode(value)), offset)
    except (ValueError, TypeError):
        return None


def _begins(fact: Fact) -> int:
    if isinstance(fact, LocationState | ExclusionProposal):
        return fact.from_
    return fact.started_at if isinstance(fact, LocationOutage) else 0


def _by_version(found: Found) -> tuple[int, int]:
    return found.fact.version, found.offset
