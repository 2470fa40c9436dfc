"""The fold contract and the one loop over events.

A fold keeps, for each key, a state that is the set of what it has been told, and derives from it, as often as it is
asked, every fact that follows. The loop tells folds what arrives, asks those whose answer may have changed, and hands
on the difference to what was said before. Order and repetition leave no trace because states are sets; a cut leaves
none because a state and what was said are all there is to save (laws 1 to 3 of the semantics).

Folds stand in a chain: the facts of one are the events of the next.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from schemas.facts import Fact
from streams.timers import Timers, slot_of

NEVER = -1
"""What the last saved record of a key covers that was not saved yet."""

FOREVER = 1 << 62
"""Later than every instant: the end of what has not ended, and when nothing is due."""

Partition = int | None
"""A Kafka partition, or None for events that stand in none, such as the lines of a file."""


class Position(NamedTuple):
    """Where in the input a fact was derived: `version` is the sum of the offsets of all inputs read."""

    version: int = 0
    topic: str = ""
    partition: Partition = None
    offset: int | None = None


class Fold:
    """One derived fact: what a fold must say, and what it may leave as it is. A state is the fold's own value."""

    fact: ClassVar[type[Fact]]
    version: ClassVar[int] = 0
    """The `fold_version` of its facts; 0 for what only other folds are told."""
    reads: ClassVar[frozenset[str]]
    """The topics whose events it takes in, by key."""
    by_slowest: ClassVar[bool] = False
    """Whether it waits for the time that every partition has reached, rather than that of its own."""
    of_registered: ClassVar[bool] = False
    """Whether it says something of a key that only the registry knows."""

    def __init__(self, world: Any) -> None:
        self.world = world
        """The broadcasts, which every key shares."""

    def empty(self) -> Any:
        """The state of a key about which nothing is known."""
        raise NotImplementedError

    def absorb(self, state: Any, event: Any, now: int) -> bool:
        """Take an event into the state; whether the facts may have changed at stream time `now`."""
        raise NotImplementedError

    def derive(self, key: str, state: Any, partition: Partition) -> Sequence[Fact]:
        """Every fact that follows from the state, in the light of the broadcasts."""
        raise NotImplementedError

    def due(self, key: str, state: Any, partition: Partition) -> int:
        """The stream time after which the answer may be another although nothing arrived; `FOREVER` if none."""
        return FOREVER

    def concerns(self, key: str, state: Any, broadcast: Any) -> bool:
        """Whether a change of the broadcasts may change the facts of a key."""
        return False

    def mark(self, fact: Any, before: Any, gone: Sequence[Any], position: Position) -> Fact:
        """Note in a fact how it came to be: from the same fact `before`, or in place of those that are `gone`."""
        return fact  # type: ignore[no-any-return]

    def retract(self, fact: Any) -> Fact:
        """What is said last of a fact that no longer follows."""
        return msgspec.structs.replace(fact, retracted=True)  # type: ignore[no-any-return]

    def save(self, state: Any, told: Sequence[Fact]) -> Any:
        """The state as plain values, for msgpack, without what it was `told` by the folds before it in the chain: that
        is told again when the state is restored."""
        return state

    def load(self, saved: bytes) -> Any:
        """The state that was saved so."""
        raise NotImplementedError

    def forget(
        self, key: str, state: Any, partition: Partition, published: Sequence[Any], before: int
    ) -> Sequence[Fact]:
        """Drop what only matters to the time before an instant; of the published facts, those that are to be kept."""
        return published


class Held(msgspec.Struct, gc=False):
    """What the loop holds of one key: each fold's state, and the facts that it last said. Most keys have one fact or
    none, and there are many keys: a tuple weighs least."""

    key: str
    """The one object that stands for the key wherever it is held."""
    partition: Partition
    states: tuple[Any, ...]
    published: tuple[tuple[Fact, ...], ...]
    due: int = FOREVER
    due_by_slowest: int = FOREVER
    changed: bool = False
    """Whether anything was taken in since somebody last asked, and set it back."""
    covers: int = NEVER
    """The offset up to which input is in the record that was saved last. For who saves it."""

    def say(self, index: int, facts: Iterable[Fact]) -> None:
        """Hold that these are the facts that a fold said last."""
        self.published = (*self.published[:index], tuple(facts), *self.published[index + 1 :])


_SAVED = msgspec.msgpack.Decoder(tuple[int, int, list[tuple[msgspec.Raw, msgspec.Raw]]])


class Loop:
    """Folds in the order of their chain, over every key."""

    def __init__(self, folds: Sequence[Fold], world: Any) -> None:
        self.folds = folds
        self.world = world
        self.keys: dict[str, Held] = {}
        self._due: dict[Partition, Timers] = {}
        self._due_by_slowest = Timers()
        self._timed = [(at, fold) for at, fold in enumerate(folds) if _has_due(fold) and not fold.by_slowest]
        self._late_by_slowest = [at for at, fold in enumerate(folds) if fold.by_slowest]
        self._waits_for_slowest = any(fold.by_slowest for fold in folds)
        self._readers = {
            topic: [index for index, fold in enumerate(folds) if topic in fold.reads]
            for topic in {topic for fold in folds for topic in fold.reads}
        }

    @property
    def slowest(self) -> int:
        """The time that every partition has reached."""
        return self.world.slowest or 0

    def held(self, key: str, partition: Partition) -> Held:
        held = self.keys.get(key)
        if held is None:
            folds = self.folds
            held = self.keys[key] = Held(key, partition, tuple(fold.empty() for fold in folds), ((),) * len(folds))
        return held

    def absorb(self, topic: str, key: str, event: Any, partition: Partition) -> list[int]:
        """Take an event in without asking anybody; the folds whose facts may have changed, by their place."""
        held = self.held(key, partition)
        if held.partition is None and partition is not None:
            held.partition = partition
        now = self.world.time(partition) or 0
        return [
            index for index in self._readers.get(topic, ()) if self.folds[index].absorb(held.states[index], event, now)
        ]

    def take(self, topic: str, key: str, event: Any, partition: Partition, position: Position) -> list[Fact]:
        """Take an event in; the facts that changed."""
        changed = self.absorb(topic, key, event, partition)
        return self.settle(key, changed, position) if changed else []

    def settle(self, key: str, changed: Iterable[int], position: Position) -> list[Fact]:
        """Ask the folds at these places, and those down the chain that what they say concerns."""
        held = self.keys[key]
        key = held.key
        waiting = set(changed)
        said: list[Fact] = []
        for index, fold in enumerate(self.folds):
            if index not in waiting:
                continue
            facts = self._difference(fold, key, held, index, position)
            said += facts
            now = self.world.time(held.partition) or 0
            for reader in self._readers.get(fold.fact.TOPIC, ()):
                absorbed = [self.folds[reader].absorb(held.states[reader], fact, now) for fact in facts]
                if any(absorbed):
                    waiting.add(reader)
        if waiting.issuperset(self._late_by_slowest):
            held.due_by_slowest = FOREVER
        self._schedule(key, held)
        return said

    def settle_all(self, keys: Iterable[str], position: Position) -> Iterable[Fact]:
        """Ask every fold about keys: the whole answer, when nothing was asked before."""
        for key in keys:
            yield from self.settle(key, range(len(self.folds)), position)

    def repeat(self, key: str, wanted: Callable[[Fact], bool], position: Position) -> list[Fact]:
        """Say once more what was said last, where something else may stand in its topic; what was said at this position
        stands there."""
        held = self.keys[key]
        said: list[Fact] = []
        for index, published in enumerate(held.published):
            again = [
                _revised(fact, fact, position)
                for fact in published
                if fact.version != position.version and wanted(fact)
            ]
            if again:
                held.say(index, (by_identity(published) | by_identity(again)).values())
            said += again
        return said

    def broadcast(self, change: Any, partitions: Callable[[Partition], bool], position: Position) -> list[Fact]:
        """After a change of the broadcasts: the facts of the keys it concerns that changed."""
        said: list[Fact] = []
        for key, held in list(self.keys.items()):
            if partitions(held.partition):
                folds = enumerate(self.folds)
                concerned = [at for at, fold in folds if fold.concerns(key, held.states[at], change)]
                said += self.settle(key, concerned, position) if concerned else []
        return said

    def save(self, key: str) -> bytes:
        """All that is held of a key: when it is due, each fold's state, and what it last said."""
        held = self.keys[key]
        told: list[Fact] = []
        parts = []
        for fold, state, published in zip(self.folds, held.states, held.published, strict=True):
            parts.append((fold.save(state, told), published))
            told += published
        return msgspec.msgpack.encode((held.due, held.due_by_slowest, parts))

    def restore(self, key: str, partition: Partition, saved: bytes) -> None:
        """Hold of a key what was saved of it, in place of anything held now."""
        due, due_by_slowest, parts = _SAVED.decode(saved)
        states = tuple(fold.load(bytes(state)) for fold, (state, _) in zip(self.folds, parts, strict=True))
        published = tuple(fold.fact.load(facts, key) for fold, (_, facts) in zip(self.folds, parts, strict=True))
        self.hold(Held(key, partition, states, published, due, due_by_slowest))
        if due < FOREVER:
            self._due.setdefault(partition, Timers()).set(key, due)
        if due_by_slowest < FOREVER:
            self._due_by_slowest.set(key, due_by_slowest)

    def hold(self, held: Held) -> None:
        """Hold this of a key, in place of anything held now. What one fold said, those down the chain are told."""
        self.keys[held.key] = held
        for index, published in enumerate(held.published):
            self._tell(held, index, published)

    def was_said(self, key: str, partition: Partition, index: int, fact: Fact) -> None:
        """Hold that a fold said this of a key last, whoever said it."""
        held = self.held(key, partition)
        held.say(index, (by_identity(held.published[index]) | {fact.identity: fact}).values())
        self._tell(held, index, [fact])

    def _tell(self, held: Held, index: int, facts: Iterable[Fact]) -> None:
        """Tell those down the chain what a fold said. Nobody is asked."""
        for reader in self._readers.get(self.folds[index].fact.TOPIC, ()):
            for fact in facts:
                self.folds[reader].absorb(held.states[reader], fact, 0)

    def wait(self, key: str) -> None:
        """Mind when a key is due that was put together from what was saved. Its folds are asked; nothing is said."""
        held = self.keys[key]
        for fold, state in zip(self.folds, held.states, strict=True):
            fold.derive(key, state, held.partition)
        self._schedule(key, held)

    def forget(self, key: str, before: int) -> None:
        """Drop of a key what only matters to the time before an instant."""
        held = self.keys[key]
        for index, fold in enumerate(self.folds):
            kept = fold.forget(key, held.states[index], held.partition, held.published[index], before)
            held.say(index, kept)

    def forget_all(self, partition: Partition) -> None:
        """Drop every key of a partition."""
        self.keys = {key: held for key, held in self.keys.items() if held.partition != partition}
        self._due.pop(partition, None)

    def advance(self, partition: Partition, position: Position) -> list[Fact]:
        """After stream time moved on: the facts that changed because nothing arrived."""
        said: list[Fact] = []
        if (timers := self._due.get(partition)) is not None:
            now = self.world.time(partition) or 0
            for key in self._passed(timers, now, _due):
                said += self._settle_due(key, now, timers, position)
        if self._waits_for_slowest:
            for key in self._passed(self._due_by_slowest, self.slowest, _due_by_slowest):
                said += self.settle(key, self._late_by_slowest, position)
        return said

    def _passed(self, timers: Timers, now: int, due: Callable[[Held], int]) -> list[str]:
        """The keys that are due before `now`, in order of time."""
        passed = set()
        for slot, key in timers.passed(now):
            held = self.keys.get(key)
            at = FOREVER if held is None else due(held)
            if at < now:
                passed.add((at, key))
            elif slot_of(at) == slot:
                timers.set(key, at)
        return [key for _, key in sorted(passed)]

    def _settle_due(self, key: str, now: int, timers: Timers, position: Position) -> list[Fact]:
        held = self.keys[key]
        late, following = self._late(key, held, now)
        if not late and not self._waits_for_slowest and following < FOREVER:
            # nearly always: a sample came since, and the hold of that one lasts
            held.due = following
            timers.set(held.key, following)
            return []
        held.due = FOREVER
        if late:
            return self.settle(key, late, position)
        if self._waits_for_slowest:
            self._schedule(held.key, held)
        return []

    def _late(self, key: str, held: Held, now: int) -> tuple[list[int], int]:
        """The folds that are due now, and when the next one will be."""
        late, following = [], FOREVER
        for index, fold in self._timed:
            at = fold.due(key, held.states[index], held.partition)
            if at < now:
                late.append(index)
            elif at < following:
                following = at
        return late, following

    def _schedule(self, key: str, held: Held) -> None:
        due = self._next_due(key, held, by_slowest=False)
        if due != held.due and due < FOREVER:
            self._due.setdefault(held.partition, Timers()).set(key, due)
        held.due = due
        if not self._waits_for_slowest:
            return
        # what was due stays due until it was asked
        due = min(held.due_by_slowest, self._next_due(key, held, by_slowest=True))
        if due != held.due_by_slowest and due < FOREVER:
            self._due_by_slowest.set(key, due)
        held.due_by_slowest = due

    def _next_due(self, key: str, held: Held, *, by_slowest: bool) -> int:
        return min(
            (
                fold.due(key, state, held.partition)
                for fold, state in zip(self.folds, held.states, strict=True)
                if fold.by_slowest == by_slowest
            ),
            default=FOREVER,
        )

    def _difference(self, fold: Fold, key: str, held: Held, index: int, position: Position) -> list[Fact]:
        """What a fold says now and did not say before; what it no longer says is retracted."""
        published = by_identity(held.published[index])
        facts = by_identity(fold.derive(key, held.states[index], held.partition))
        gone = [fact for identity, fact in published.items() if identity not in facts and not fact.retracted]
        said: dict[Hashable, Fact] = {fact.identity: _revised(fold.retract(fact), fact, position) for fact in gone}
        for identity, fact in facts.items():
            before = published.get(identity)
            if before is None or not before.says(fact):
                said[identity] = _revised(fold.mark(fact, before, gone, position), before, position)
        if said:
            held.say(index, (published | said).values())
        return [*said.values()]


def _due(held: Held) -> int:
    return held.due


def _due_by_slowest(held: Held) -> int:
    return held.due_by_slowest


def untold(facts: Iterable[Fact], told: Sequence[Fact]) -> list[Fact]:
    """Of the facts in a state, those that are not among the `told` ones themselves."""
    known = {*map(id, told)}
    return [fact for fact in facts if id(fact) not in known]


def by_identity(facts: Iterable[Fact]) -> dict[Hashable, Fact]:
    return {fact.identity: fact for fact in facts}


def _has_due(fold: Fold) -> bool:
    return type(fold).due is not Fold.due


def _revised(fact: Fact, before: Fact | None, position: Position) -> Fact:
    revision = before.revision + 1 if before is not None else 1
    if (fact.version, fact.revision) == (position.version, revision):  # as in a replay, which says all but once
        return fact
    return msgspec.structs.replace(fact, version=position.version, revision=revision)
