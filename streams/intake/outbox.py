"""What intake writes: in order, never dropped, and with an answer to "has everything up to here been acknowledged?"."""

import time
from collections import Counter, deque
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.facts import DeadLetter, ExclusionProposal, Fact, LocationOutage, LocationState, Progress
from streams.kafka import Interrupted, Kafka, reason

WATCHED = (LocationState.TOPIC, LocationOutage.TOPIC, ExclusionProposal.TOPIC)
"""The topics whose every record this process wants to know of, its own or not."""

LINGER_MS = 10
FULL_QUEUE_WAIT_S = 0.05
QUEUED_KIB = 64 * 1024
"""A save of a large fleet would else wait in memory as a whole."""

encode = msgspec.json.Encoder(decimal_format="number").encode


class Range(msgspec.Struct, frozen=True):
    """Offsets ``[start, end)`` of a partition."""

    topic: str
    partition: int
    start: int
    end: int


class _Stretch:
    """What was sent between two marks: how much of it is still to be acknowledged."""

    __slots__ = ("_outbox", "pending")

    def __init__(self, outbox: "Outbox") -> None:
        self._outbox = outbox
        self.pending = 0

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        self.pending -= 1
        self._outbox.delivered(error, message)


class Outbox:
    """The producer. One that cannot deliver ends the session: what follows must not be published without what precedes.

    `foreign` collects the ranges of the watched topics that somebody else wrote between two records of ours.
    """

    def __init__(self, kafka: Kafka, delivery_timeout_ms: int) -> None:
        self._producer = Producer(
            kafka.config(
                enable_idempotence=True,
                partitioner="murmur2_random",
                compression_type="lz4",
                linger_ms=LINGER_MS,
                message_timeout_ms=delivery_timeout_ms,
                message_max_bytes=8_388_608,
                queue_buffering_max_messages=200_000,
                queue_buffering_max_kbytes=QUEUED_KIB,
            )
        )
        self._current = _Stretch(self)
        self._stretches = deque([self._current])
        self._first = 0
        self._failure = ""
        self.ends: dict[tuple[str, int], int] = {}
        self.foreign: list[Range] = []
        self._delivered_at: dict[tuple[str, int], float] = {}
        self.sent: Counter[str] = Counter()

    def send(self, topic: str, key: bytes | None, value: bytes, partition: int = -1) -> None:
        """`partition` -1: where the key belongs. Waits while the queue is full. Raises Interrupted."""
        current = self._current
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=current.delivered)
            except BufferError:
                self.poll(FULL_QUEUE_WAIT_S)
            except KafkaException as error:
                raise Interrupted(f"{topic}: {reason(error.args[0])}") from error
            else:
                break
        current.pending += 1
        self.sent[topic] += 1

    def fact(self, fact: Fact, partition: int) -> None:
        self.send(fact.TOPIC, fact.key.encode(), encode(fact.written()), partition)

    def dead_letter(self, letter: DeadLetter) -> None:
        self.send(letter.TOPIC, letter.key.encode(), encode(letter.written()))

    def progress(self, progress: Progress) -> None:
        """To its topic, and in band: to the same partition of every topic that carries facts."""
        value = encode(progress.written())
        self.send(progress.TOPIC, progress.key.encode(), value)
        for topic in WATCHED:
            self.send(topic, None, value, progress.partition)

    def mark(self) -> int:
        """A number for everything that was sent until now."""
        if self._current.pending:
            self._current = _Stretch(self)
            self._stretches.append(self._current)
        return self._first + len(self._stretches) - 1

    def reached(self, mark: int) -> bool:
        """Whether everything that was sent before the mark was acknowledged."""
        stretches = self._stretches
        while len(stretches) > 1 and not stretches[0].pending:
            stretches.popleft()
            self._first += 1
        return self._first >= mark

    def poll(self, wait_s: float = 0.0) -> None:
        """Take in acknowledgements. Raises Interrupted when something could not be delivered."""
        self._producer.poll(wait_s)
        if self._failure:
            raise Interrupted(self._failure)

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = f"{message.topic()}: not delivered: {reason(error)}"
            return
        topic: Any = message.topic()
        if topic in WATCHED:
            place, offset = (topic, message.partition()), message.offset()
            end = self.ends.get(place, offset)  # type: ignore[arg-type]
            if offset > end:  # type: ignore[operator]
                self.foreign.append(Range(topic, message.partition(), end, offset))  # type: ignore[arg-type]
            self.ends[place] = max(end, offset + 1)  # type: ignore[operator, index, type-var, assignment]
            self._delivered_at[place] = time.monotonic()  # type: ignore[index]

    def silent_s(self, topic: str, partition: int) -> float:
        """For how long no record of ours was delivered to a watched partition."""
        return time.monotonic() - self._delivered_at.get((topic, partition), 0.0)

    def reaches(self, topic: str, partition: int, end: int) -> None:
        """Be told where a watched partition ends: what lies beyond our last record there may be of another."""
        known = self.ends.get((topic, partition), end)
        if end > known:
            self.foreign.append(Range(topic, partition, known, end))
            self.ends[topic, partition] = end

    def seen_until(self, topic: str, partition: int) -> int:
        """The first offset of a watched partition of which it is not known, or not yet looked up, who wrote it."""
        foreign = (found.start for found in self.foreign if (found.topic, found.partition) == (topic, partition))
        return min(foreign, default=self.ends.get((topic, partition), 0))

    def abandon(self) -> None:
        """Drop what is not sent yet."""
        self._producer.purge()
        self._producer.close()
