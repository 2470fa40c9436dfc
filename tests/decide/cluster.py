"""Kafka's logs as lists, and processes over them that stop wherever a test wants: what crashes and pauses leave."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from schemas.events import Annotation
from schemas.facts import Availability, Credit, Fact, LocationState
from schemas.facts.progress import Progress
from schemas.topics import DECIDE_CHANGELOG
from streams.decide.broadcasts import Broadcasts
from streams.decide.decider import Decider, Ends
from streams.decide.publisher import Outgoing, followed, refused, said, saved
from streams.decide.records import read_record, supersedes
from streams.decide.work import Batch, Message
from streams.folds.world import World
from tests.decide.story import BOOK, DERIVATION, Out, Story

Place = tuple[str, int]
INPUT = (LocationState.TOPIC, Annotation.TOPIC)
LOGS = (*INPUT, DECIDE_CHANGELOG)
FACTS: dict[str, type[Fact]] = {Availability.TOPIC: Availability, Credit.TOPIC: Credit}


class Cluster:
    """The logs, and how far each input partition has been acknowledged."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.logs: dict[Place, list[Out]] = defaultdict(list)
        self.committed: dict[Place, int] = defaultdict(int)

    def append(self, out: Out) -> None:
        self.logs[out.topic, out.partition].append(out)

    def send(self, outgoing: Sequence[Outgoing]) -> None:
        for topic, partition, key, value in outgoing:
            self.append(Out(topic, partition or 0, key, value, 0))

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
        self.broadcasts = Broadcasts(World(BOOK, DERIVATION))
        self.table = self._restored()
        self.read_broadcasts()
        self.decider = Decider(
            self.broadcasts,
            self.table.get,
            story.partition_of,
            {each: Ends(*(len(cluster.logs[topic, each]) for topic in LOGS)) for each in owned},
            [(self._partition(key), key, read_record(value)) for key, value in self.table.items()],
        )
        self.next = {(topic, each): self.decider.owned[each].read[topic] for topic in INPUT for each in owned}
        self.say(self.decider.restart_with())
        self.save(self.decider.claim())

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

    def save(self, batch: Batch, at_most: int | None = None) -> None:
        self.cluster.send([*refused(batch), *[*saved(batch), *followed(batch)][:at_most]])
        for _, key, value in [*batch.records, *batch.followed][:at_most]:
            self.table[key] = value

    def say(self, batch: Batch, at_most: int | None = None) -> None:
        self.cluster.send(said(batch)[:at_most])

    def acknowledge(self, messages: Sequence[Message]) -> None:
        for message in messages:
            place = message.topic, message.partition
            self.cluster.committed[place] = max(self.cluster.committed[place], message.offset + 1)

    def finish(self, places: Sequence[Place] | None = None, at_most: int = 50, due: int = 50) -> bool:
        """A whole batch; whether there was anything to do."""
        messages, batch = self.decide(places or list(self.next), at_most, due)
        self.save(batch)
        self.say(batch)
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
            for out in self.cluster.logs[DECIDE_CHANGELOG, partition]:
                assert out.key is not None
                if out.key not in table or supersedes(out.value, table[out.key]):
                    table[out.key] = out.value
        return table

    def _partition(self, key: bytes) -> int:
        return int(key[1:]) if key[:1] == b"\xff" else self.story.partition_of(key.decode())


__all__ = ["INPUT", "Cluster", "Process"]
