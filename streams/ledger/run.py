"""The ledger as a process: closed months and tickets -> credits, answers to claims, and what billing books.

One process writes at a time, in Kafka's transactions: facts, entries and saved state of a batch stand there together or
not at all. Whatever goes wrong ends the session, and the next one goes on from the saved state.
"""

import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage
from confluent_kafka.admin import AdminClient

from schemas.derivation import Derivation
from schemas.events import RegistryRecord, TicketEvent
from schemas.facts import Availability, DeadLetter, Progress
from schemas.partitioner import partition_of
from schemas.terms.book import Book
from schemas.topics import LEDGER_STATE
from streams.folds.world import World
from streams.kafka import Interrupted, Kafka, offset_of, read, reason, watermarks
from streams.ledger import books
from streams.ledger.books import Books
from streams.ledger.metrics import LedgerMetrics
from streams.ledger.records import Place
from streams.ledger.seat import Seat
from streams.ledger.transactions import Writer
from streams.messages import Message
from streams.metrics import served

AGAIN_AFTER_S: Final = 1.0
AT_ONCE: Final = 2_000
"""Messages of a batch."""
WAIT_S: Final = 0.2
SAVE_POSITION_S: Final = 5.0
"""How often it is saved how far the input was read, where nothing followed from it."""
TELL_S: Final = 0.5

FOLLOWED: Final = (Progress.TOPIC, Availability.TOPIC, TicketEvent.TOPIC)
SAID: Final = (*(fact.TOPIC for fact in books.SAID), DeadLetter.TOPIC)
NEEDED: Final = (*FOLLOWED, RegistryRecord.TOPIC, LEDGER_STATE, *SAID)

log = structlog.get_logger("ledger")


class TopicsMissing(Exception):  # noqa: N818 -- names what is wrong
    """The platform's topics are not there; the message says what to do."""


def run(
    bootstrap: str,
    book: Book,
    derivation: Derivation,
    stop: threading.Event,
    *,
    holds: bool = False,
    kafka_options: Mapping[str, str] | None = None,
    metrics_port: int | None = None,
    session_timeout_s: float = 15.0,
) -> None:
    """Follow the input until `stop` is set, or stand by while another process does. A Kafka that is away is waited for.

    `holds`: nothing is added to the ledger for the time being. Raises TopicsMissing.
    """
    kafka = Kafka(bootstrap, kafka_options or {})
    metrics = LedgerMetrics(holds)
    with served(metrics, metrics_port):
        while not stop.is_set():
            try:
                topics = _topics(kafka)
                with Seat(kafka, session_timeout_s) as seat:
                    if seat.wait(stop):
                        locate = partial(partition_of, partitions=topics[Availability.TOPIC])
                        books = Books(World(book, derivation), locate, holds=holds)
                        Session(kafka, topics, books, seat, metrics).follow(stop)
            except Interrupted as interrupted:
                log.warning("interrupted: going on from what was saved", reason=str(interrupted))
                metrics.books = None  # whoever stands by holds nothing
                stop.wait(AGAIN_AFTER_S)


def _topics(kafka: Kafka) -> Mapping[str, int]:
    """The number of partitions of each topic. Raises Interrupted when Kafka does not answer, TopicsMissing."""
    try:
        present = AdminClient(kafka.config()).list_topics(timeout=10.0).topics
    except KafkaException as error:
        raise Interrupted(f"Kafka at {kafka.bootstrap} does not answer: {reason(error.args[0])}") from error
    if missing := [name for name in NEEDED if name not in present]:
        raise TopicsMissing(f"topics are missing: {', '.join(missing)}; create them with `fivenines topics`")
    return {name: len(present[name].partitions) for name in NEEDED}


class Session:
    """From a takeover to the end of the turn."""

    def __init__(
        self, kafka: Kafka, topics: Mapping[str, int], kept: Books, seat: Seat, metrics: LedgerMetrics
    ) -> None:
        self._books = kept
        self._seat = seat
        self._metrics = metrics
        self._writer = Writer(kafka)  # before anything is read: nobody else changes it from now on
        self._restore(kafka)
        self._consumer = kafka.reader()
        self._assign(topics)
        self._saved: dict[Place, int] = dict(kept.read)
        self._saved_at = self._told_at = time.monotonic()
        metrics.books = kept

    def follow(self, stop: threading.Event) -> None:
        """Until told to stop. Raises Interrupted."""
        log.info("the ledger is followed", locations=self._books.locations, accounts=self._books.accounts)
        try:
            while not stop.is_set():
                self._seat.check()
                self._step(self._consumer.consume(AT_ONCE, WAIT_S))
            self._save_position()
        finally:
            self._consumer.close()

    def _step(self, messages: list[KafkaMessage]) -> None:
        for message in messages:
            if (error := message.error()) is not None:
                raise Interrupted(reason(error))
            self._take(_plain(message))
        batch = self._books.settle()
        if batch:
            self._write(batch)
        elif time.monotonic() - self._saved_at > SAVE_POSITION_S:
            self._save_position()
        if time.monotonic() - self._told_at > TELL_S:
            self._told_at = time.monotonic()
            self._seat.tell(self._books.read)

    def _take(self, message: Message) -> None:
        self._metrics.processed[message.topic] += 1
        if message.topic == RegistryRecord.TOPIC:
            self._books.register(message)
        else:
            self._books.take(message)

    def _write(self, batch: books.Batch) -> None:
        self._seat.check()
        self._writer.write(batch, self._books.position())
        self._saved, self._saved_at = dict(self._books.read), time.monotonic()
        self._metrics.wrote(batch)

    def _save_position(self) -> None:
        if self._saved != self._books.read:
            self._write(books.Batch())

    def _restore(self, kafka: Kafka) -> None:
        reader = kafka.reader()
        try:
            records: dict[bytes, bytes] = {}
            for message in read(reader, LEDGER_STATE, 0):
                key, value = message.key() or b"", message.value()
                records.pop(key, None)
                if value is not None:
                    records[key] = value
            for key, value in records.items():
                self._books.restore(key, value)
            for message in read(reader, RegistryRecord.TOPIC, 0):
                self._books.register(_plain(message))
            self._books.begin()
        finally:
            reader.close()

    def _assign(self, topics: Mapping[str, int]) -> None:
        """Go on where the saved state ends."""
        places = [
            (topic, partition) for topic in (*FOLLOWED, RegistryRecord.TOPIC) for partition in range(topics[topic])
        ]
        starts = []
        for topic, partition in places:
            low, high = watermarks(self._consumer, topic, partition)
            at = max(low, self._books.read.get((topic, partition), 0))
            if at > high:
                raise TopicsMissing(
                    f"{topic}/{partition} ends at {high:,}, and was read up to {at:,}: it was made anew. What followed "
                    f"from the one before stands in {LEDGER_STATE}: delete that topic as well, or bring the other back"
                )
            self._books.read[topic, partition] = at
            starts.append(TopicPartition(topic, partition, at))
        self._consumer.assign(starts)


def _plain(message: KafkaMessage) -> Message:
    headers = message.headers()
    return Message(
        message.topic() or "",
        message.partition() or 0,
        offset_of(message),
        message.key(),
        message.value(),
        [(name, value or b"") for name, value in headers] if headers else (),  # type: ignore[str-unpack]
        message.timestamp()[1],
    )
