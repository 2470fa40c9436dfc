"""A Kafka with the platform's topics, and workers over it."""

import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from infra import ports
from schemas.facts import Availability, Fact, LocationState
from streams import topics
from tests.child import Child, wait
from tests.decide.story import DERIVATION, Out, Story, differences

GROUP = "fivenines-decide"
QUEUED = 50_000
"""Messages on their way: half of what the producer holds."""


class Platform:
    """Topics on a fresh Kafka, and the workers that a test starts."""

    def __init__(self, bootstrap: str, folder: Path, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.partitions = partitions
        self.workers: list[Worker] = []
        self._folder = folder
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "log_level": 0}
        )
        topics.create(bootstrap, DERIVATION, partitions=partitions)

    def worker(self, session_s: float = 10.0) -> "Worker":
        number, port = len(self.workers), ports.choose("a worker", 0)
        worker = Worker(self.bootstrap, self._folder / f"worker-{number}", port, session_s)
        self.workers.append(worker)
        return worker

    def publish(self, outs: Iterable[Out]) -> None:
        for out in outs:
            while len(self._producer) > QUEUED:
                self._producer.poll(0.1)
            self._producer.produce(out.topic, out.value, out.key, out.partition)
        assert not self._producer.flush(30), "Kafka did not take everything"

    def read(self, topic: str) -> list[Any]:
        """The messages of a topic, in the order of each partition."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "nobody", "enable.auto.commit": False})
        found: list[Any] = []
        try:
            for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
                _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
                consumer.assign([TopicPartition(topic, partition, 0)])
                while consumer.position([TopicPartition(topic, partition)])[0].offset < end and end:
                    message = consumer.poll(5)
                    assert message is not None
                    assert message.error() is None
                    found.append(message)
                    if message.offset() == end - 1:
                        break
        finally:
            consumer.close()
        return found

    def facts(self) -> list[Fact]:
        return [Availability.read(msgspec.json.decode(message.value())) for message in self.read(Availability.TOPIC)]

    def committed(self, topic: str = LocationState.TOPIC) -> dict[int, tuple[int, int]]:
        """Of each partition the committed offset and the end."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": GROUP})
        try:
            places = consumer.committed([TopicPartition(topic, each) for each in range(self.partitions)], timeout=10)
            return {place.partition: (place.offset, consumer.get_watermark_offsets(place)[1]) for place in places}
        finally:
            consumer.close()

    def is_settled(self, story: Story) -> bool:
        return not list(differences(self.facts(), story.replay(), story.replayed))

    def settles(self, story: Story, within_s: float = 60.0) -> None:
        """Wait until what is published is what a replay derives."""
        wait(lambda: self.is_settled(story), within_s, lambda: "\n".join(self.complaints(story)))

    def complaints(self, story: Story) -> Iterator[str]:
        yield from differences(self.facts(), story.replay(), story.replayed)
        for worker in self.workers:
            yield worker.log()

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()


class Worker(Child):
    """A worker process."""

    def __init__(self, bootstrap: str, data: Path, port: int, session_s: float) -> None:
        self.port = port
        data.mkdir(parents=True)
        arguments = (bootstrap, data, port, session_s)
        super().__init__("tests.decide.process", arguments, log=data / "log", ready="partitions taken over")

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())


def halves(outs: Iterable[Out]) -> tuple[list[Out], list[Out]]:
    everything = list(outs)
    return everything[: len(everything) // 2], everything[len(everything) // 2 :]
