"""Who may write the ledger: of all processes that would, the one to which Kafka gave the one partition of its state.

The others stand by. That one process writes at a time is held by the transactions; the seat says whose turn it is.
"""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Consumer, TopicPartition

from schemas.topics import LEDGER_STATE
from streams.kafka import Interrupted, Kafka, reason
from streams.ledger.records import Place

GROUP: Final = "fivenines-ledger"
POLL_S: Final = 0.2
TAKEOVER_MS: Final = 3_600_000
"""How long the saved state may take to be read, before the turn is another's; who is gone loses it sooner."""


class Seat:
    """A context: a member of the group. `wait` for the turn, then `check` that it still is."""

    def __init__(self, kafka: Kafka, session_timeout_s: float) -> None:
        self._consumer = Consumer(
            kafka.config(
                group_id=GROUP,
                enable_auto_commit=False,
                auto_offset_reset="latest",
                session_timeout_ms=int(session_timeout_s * 1000),
                heartbeat_interval_ms=int(session_timeout_s * 1000 / 5),
                max_poll_interval_ms=TAKEOVER_MS,
            )
        )
        self._taken = self._lost = False

    def __enter__(self) -> Self:
        self._consumer.subscribe(
            [LEDGER_STATE], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._consumer.close()

    def wait(self, stop: threading.Event) -> bool:
        """Stand by until it is this process' turn; False: it was told to stop before. Raises Interrupted."""
        while not self._taken and not stop.is_set():
            self._poll(POLL_S)
        return self._taken

    def check(self) -> None:
        """Raises Interrupted when it is another's turn."""
        self._poll(0)
        if self._lost:
            raise Interrupted("another process writes the ledger now")

    def tell(self, read: Mapping[Place, int]) -> None:
        """Say how far the input is finished: for those who watch, as it is the saved state that counts."""
        places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in read.items()]
        if places:
            self._consumer.commit(offsets=places, asynchronous=True)

    def _poll(self, timeout_s: float) -> None:
        message = self._consumer.poll(timeout_s)
        error = None if message is None else message.error()
        if error is not None and error.fatal():
            raise Interrupted(reason(error))

    def _assigned(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._taken = bool(places)
        consumer.assign(places)
        consumer.pause(places)  # the state is read by others; here only the turn matters

    def _revoked(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._lost = self._lost or bool(places)
