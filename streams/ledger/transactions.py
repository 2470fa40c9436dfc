"""What the ledger writes: all of a batch, or nothing of it, and never beside another who writes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from confluent_kafka import KafkaException, Producer

from schemas.topics import LEDGER_STATE, STATE_BYTES
from streams.kafka import Interrupted, Kafka, reason
from streams.ledger.books import Batch

WRITER: Final = "fivenines-ledger"
"""Kafka lets only the newest producer of this name write: what one wrote that was paused meanwhile is refused."""
PATIENCE_S: Final = 60.0
FULL_QUEUE_WAIT_S: Final = 0.05

encode = msgspec.json.Encoder(decimal_format="number").encode


class Writer:
    """The producer. From its making on no other's batch is taken. Raises Interrupted, and is of no use afterwards."""

    def __init__(self, kafka: Kafka) -> None:
        self.sent = 0
        """Batches that were written."""
        self._producer = Producer(
            kafka.config(
                transactional_id=WRITER,
                transaction_timeout_ms=int(PATIENCE_S * 1000),
                partitioner="murmur2_random",
                compression_type="lz4",
                linger_ms=5,
                message_max_bytes=STATE_BYTES,
            )
        )
        with _told_as_interruption("the transactions cannot begin"):
            self._producer.init_transactions(PATIENCE_S)

    def write(self, batch: Batch, position: tuple[bytes, bytes]) -> None:
        """A batch, and how far the input is in it."""
        with _told_as_interruption("a batch was not written"):
            self._producer.begin_transaction()
            for topic, key, value in _messages(batch, position):
                self._send(topic, key, value)
            self._producer.commit_transaction(PATIENCE_S)
        self.sent += 1

    def _send(self, topic: str, key: bytes, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key)
            except BufferError:
                self._producer.poll(FULL_QUEUE_WAIT_S)
            else:
                return


def _messages(batch: Batch, position: tuple[bytes, bytes]) -> Iterator[tuple[str, bytes, bytes]]:
    for fact in batch.facts:
        yield fact.TOPIC, fact.key.encode(), encode(fact.written())
    for letter in batch.letters:
        yield letter.TOPIC, letter.key.encode(), encode(letter.written())
    for key, value in batch.records.items():
        yield LEDGER_STATE, key, value
    yield LEDGER_STATE, *position


@contextmanager
def _told_as_interruption(what: str) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise Interrupted(f"{what}: {reason(error.args[0])}") from error
