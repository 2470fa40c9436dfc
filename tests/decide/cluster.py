"""Kafka's logs as lists, and processes over them that stop wherever a test wants: what crashes and pauses leave."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Self

import msgspec

from schemas.events import Annotation
from schemas.facts import Availability, Fact, LocationState
from schemas.facts.progress import Progress
from schemas.topics import DECIDE_CHANGELOG
from streams.broadcasts import Broadcasts
from streams.decide.decider import Decider, Ends
from streams.decide.publisher import Outgoing, followed, refused, said, saved
from streams.decide.pump import written
from streams.decide.records import Reading, read_record
from streams.decide.work import Batch
from streams.folds.world import World
from streams.messages import Message
from tests.decide.story import BOOK, DERIVATION, Out, Story

Place = tuple[str, int]
INPUT = (LocationState.TOPIC, Annotation.TOPIC)
PHASES = (refused, saved, followed, said)
"""Of a batch: what Kafka gets in each, when it has what came before."""
FACTS: dict[str, type[Fact]] = {Availability.TOPIC: Availability}


class Cluster:
    """The logs, and how far each input partition has been acknowledged."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.logs: dict[Place, list[Out]] = defaultdict(list)
        self.committed: dict[Place, int] = defaultdict(int)
        self.compacted: dict[int, set[int]] = defaultdict(set)
        """Of each partition of the changelog the offsets that are gone."""
        self.seen: dict[int, int] = defaultdict(int)
        """Of each, up to where its owner knows it."""

    def append(self, out: Out) -> None:
        self.logs[out.topic, out.partition].append(out)

    def send(self, outgoing: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Where the messages stand now: partition and offset."""
        stand = []
        for topic, partition, key, value in outgoing:
            stand.append((partition or 0, len(self.logs[topic, partition or 0])))
            self.append(Out(topic, partition or 0, key, value, 0))
        return stand

    def compact(self, partition: int) -> None:
        """Drop every record behind which another of its key stands, as far as its owner knows it."""
        last: dict[bytes | None, int] = {}
        for offset, out in enumerate(self.logs[DECIDE_CHANGELOG, partition][: self.seen[partition]]):
            if out.key in last:
                self.compacted[partition].add(last[out.key])
            last[out.key] = offset

    def changelog(self, partition: int) -> Iterator[tuple[int, Out]]:
        for offset, out in enumerate(self.logs[DECIDE_CHANGELOG, partition]):
            if offset not in self.compacted[partition]:
                yield offset, out

    def facts(self) -> Iterator[Fact]:
        """What decide published, in the order of each partition."""
        for (topic, _), log in list(self.logs.items()):
            if topic in FACTS:
                for out in log:
                    yield FACTS[topic].read(msgspec.json.decode(out.value))

    def letters(self) -> list[Any]:
        return [msgspec.json.decode(out.value) for out in self.logs["dead-letters", 0]]


class Process:
    """A worker that owns some partitions, from a table that it reads from the changelog."""

    def __init__(self, cluster: Cluster, story: Story, owned: Sequence[int]) -> None:
        self.cluster = cluster
        self.story = story
        self.owned = owned
        self.broadcasts = Broadcasts(World(BOOK, DERIVATION), [Availability.TOPIC])
        self.has_taken_over = False
        self.readings = {each: Reading() for each in owned}
        self.table = self._restored()
        self.read_broadcasts()
        self.decider = Decider(
            self.broadcasts,
            self.table.get,
            story.partition_of,
            {each: Ends(*(len(cluster.logs[topic, each]) for topic in INPUT)) for each in owned},
            self.readings,
            [(self._partition(key), key, read_record(value)) for key, value in self.table.items()],
        )
        self.next = {(topic, each): self.decider.owned[each].read[topic] for topic in INPUT for each in owned}

    def start(self) -> Self:
        """Take the partitions over."""
        for batch in self.decider.takeover():
            self.put(batch)
        self.has_taken_over = True
        return self

    def read_broadcasts(self, at_most: int = 1 << 30) -> None:
        broadcasts = self.broadcasts
        start = broadcasts.registry_next
        for offset, out in list(enumerate(self.cluster.logs["registry", 0]))[start : start + at_most]:
            told = broadcasts.register(offset, out.key, out.value, (), out.timestamp)
            if hasattr(self, "decider"):
                self.decider.registered(told)
        start = broadcasts.progress_next
        for offset, out in list(enumerate(self.cluster.logs[Progress.TOPIC, 0]))[start : start + at_most]:
            heard = broadcasts.hear(offset, out.value)
            if heard is not None and hasattr(self, "decider"):
                self.decider.hear(heard.partition)

    def poll(self, place: Place, at_most: int) -> list[Message]:
        start = self.next[place]
        outs = self.cluster.logs[place][start : start + at_most]
        self.next[place] = start + len(outs)
        return [Message(*place, start + at, out.key, out.value, (), out.timestamp) for at, out in enumerate(outs)]

    def decide(self, places: Sequence[Place], at_most: int, due: int) -> tuple[list[Message], Batch]:
        messages = [message for place in places for message in self.poll(place, at_most)]
        return messages, self.decider.batch(messages, lambda asked: asked < due)

    def put(self, batch: Batch) -> None:
        """Save a batch, then say it. Raises Hopeless if another process wrote in between."""
        for phase in PHASES:
            self.hand(phase(batch))
        for _, key, value in (*batch.records, *batch.followed):
            self.table[key] = value
        if self.has_taken_over:
            self.cluster.seen.update({each: owned.changelog_next for each, owned in self.decider.owned.items()})

    def hand(self, outgoing: Sequence[Outgoing]) -> None:
        """One phase, or a part of it."""
        stand = self.cluster.send(outgoing)
        if outgoing and outgoing[0].topic == DECIDE_CHANGELOG:
            written(self.decider, sorted(stand))

    def acknowledge(self, messages: Sequence[Message]) -> None:
        for message in messages:
            place = message.topic, message.partition
            self.cluster.committed[place] = max(self.cluster.committed[place], message.offset + 1)

    def finish(self, places: Sequence[Place] | None = None, at_most: int = 50, due: int = 50) -> bool:
        """A whole batch; whether there was anything to do."""
        messages, batch = self.decide(places or list(self.next), at_most, due)
        self.put(batch)
        self.acknowledge(messages)
        return bool(messages or batch.asked)

    def run(self) -> None:
        """Until there is nothing left to read or to ask."""
        self.read_broadcasts()
        while self.finish():
            self.read_broadcasts()

    def _restored(self) -> dict[bytes, bytes]:
        table: dict[bytes, bytes] = {}
        for partition in self.owned:
            for offset, out in self.cluster.changelog(partition):
                assert out.key is not None
                self.readings[partition].take(offset, out.key, out.value, table)
        return table

    def _partition(self, key: bytes) -> int:
        return int(key[1:]) if key[:1] == b"\xff" else self.story.partition_of(key.decode())


__all__ = ["INPUT", "PHASES", "Cluster", "Process"]
