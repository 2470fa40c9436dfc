"""A message as Kafka had it, and the dead letter of one that is refused."""

from typing import NamedTuple

from schemas.facts import DeadLetter
from schemas.wire import Rejected, dead_letter
from schemas.wire.envelope import Headers


class Message(NamedTuple):
    """A message of a topic; its timestamp is the broker's, in ms."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int

    def refused(self, why: Rejected) -> DeadLetter:
        return dead_letter(why, self.value, topic=self.topic, partition=self.partition, offset=self.offset)
