"""Hands a batch to Kafka: what is saved first, then what is said. It comes back when Kafka has all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from aiokafka.errors import KafkaError, KafkaTimeoutError  # type: ignore[import-untyped]
from aiokafka.structs import RecordMetadata  # type: ignore[import-untyped]
from faust.exceptions import ProducerSendError

from schemas.facts import DeadLetter, Fact
from schemas.topics import DECIDE_CHANGELOG
from streams.decide.work import Batch

RETRY_S: Final = 0.5

log = structlog.get_logger()
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Hopeless(Exception):  # noqa: N818 - a verdict: only a new process may help
    """Nothing that this process can do will help."""


class Outgoing(NamedTuple):
    topic: str
    partition: int | None
    key: bytes
    value: bytes


Send = Callable[[Outgoing], Awaitable[Awaitable[Any]]]
"""Hands a message to the producer; what it awaits to tells, when Kafka has the message, where it stands."""


def refused(batch: Batch) -> list[Outgoing]:
    """To be sent before all else: no record holds them."""
    return [_letter(letter) for letter in batch.letters]


def saved(batch: Batch) -> list[Outgoing]:
    return [Outgoing(DECIDE_CHANGELOG, *record) for record in batch.records]


def followed(batch: Batch) -> list[Outgoing]:
    """To be sent when Kafka has the locations."""
    return [Outgoing(DECIDE_CHANGELOG, *record) for record in batch.followed]


def said(batch: Batch) -> list[Outgoing]:
    return [_fact(partition, fact) for partition, fact in batch.facts]


def _fact(partition: int, fact: Fact) -> Outgoing:
    return Outgoing(fact.TOPIC, partition, fact.key.encode(), _encode(fact.written()))


def _letter(letter: DeadLetter) -> Outgoing:
    return Outgoing(letter.TOPIC, None, letter.key.encode(), _encode(letter.written()))


async def send_all(send: Send, messages: Sequence[Outgoing]) -> list[RecordMetadata]:
    """Send messages until Kafka has every one of them; where they stand now, in any order. Raises Hopeless when Kafka
    refuses one; how long it is tried while Kafka is away is for `send` to say."""
    waiting = list(messages)
    stand: list[RecordMetadata] = []
    while True:
        outcomes = await _attempt(send, waiting)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        stand += [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        waiting = [each for each, outcome in zip(waiting, outcomes, strict=True) if isinstance(outcome, BaseException)]
        if not failures:
            return stand
        for failure in failures:
            if not _may_pass(failure):
                raise Hopeless(f"Kafka refuses a message: {failure!r}") from failure
        log.warning("Kafka takes no messages, trying again", waiting=len(waiting), error=repr(failures[0]))
        await asyncio.sleep(RETRY_S)


async def _attempt(send: Send, messages: Sequence[Outgoing]) -> list[Any]:
    """The outcome of each: where it stands, or an exception."""
    handed: list[Awaitable[Any] | BaseException] = []
    for message in messages:
        try:
            handed.append(asyncio.ensure_future(await send(message)))
        except (KafkaError, ProducerSendError, OSError) as error:
            handed.append(error)
    pending = [each for each in handed if not isinstance(each, BaseException)]
    done = iter(await asyncio.gather(*pending, return_exceptions=True))
    return [each if isinstance(each, BaseException) else next(done) for each in handed]


def _may_pass(failure: BaseException) -> bool:
    cause = failure.__cause__ if isinstance(failure, ProducerSendError) else failure
    if isinstance(cause, KafkaError):
        return bool(cause.retriable) or isinstance(cause, KafkaTimeoutError)
    return isinstance(cause, OSError)
