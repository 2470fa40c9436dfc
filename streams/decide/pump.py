"""Batch after batch: take what the agent brought, decide, save, publish, and only then acknowledge."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Protocol

import structlog

from schemas.facts import LocationState
from schemas.topics import DECIDE_CHANGELOG
from streams.decide.decider import Decider
from streams.decide.lifeline import Pulse
from streams.decide.metrics import Metrics
from streams.decide.publisher import Hopeless, Outgoing, Send, followed, refused, said, saved, send_all
from streams.decide.work import Batch
from streams.messages import Message

QUEUE: Final = 2_000
"""Messages that may wait; then the agent waits, and faust's own buffers."""
AT_ONCE: Final = 250
"""Messages in a batch at most."""
DUE_S: Final = 0.5
"""How long a batch goes on with locations that are due while there is nothing else in it."""
DUE_BESIDE_S: Final = 0.1
"""The same, beside messages: a month that closes does not hold up the news."""
IDLE_S: Final = 0.2

log = structlog.get_logger()


class Delivery(Protocol):
    """A message as faust brought it."""

    @property
    def message(self) -> Any: ...
    def ack(self) -> bool: ...


class Pump:
    """The one place where deciding, saving and publishing meet. It never goes on after a failure."""

    def __init__(self, send: Send, keep: Callable[[int, bytes, bytes], None], metrics: Metrics, pulse: Pulse) -> None:
        """`keep` takes a record, by partition and key, into the table once it stands in the changelog."""
        self.metrics = metrics
        self.decider: Decider | None = None
        self.done: dict[tuple[str, int], int] = {}
        """Of each topic and partition the offset up to which everything has been finished."""
        self._send = send
        self._keep = keep
        self._pulse = pulse
        self._queue: asyncio.Queue[tuple[int, Delivery]] = asyncio.Queue(QUEUE)
        self._one_at_a_time = asyncio.Lock()
        self._generation = 0
        self.term = 0
        """How often everything was let go of."""

    async def bring(self, delivery: Delivery) -> None:
        """Wait for a place in the queue. What is brought while no partition is owned is dropped: it comes again."""
        await self._queue.put((delivery.message.generation_id, delivery))

    async def own(self, decider: Decider, generation: int, term: int) -> None:
        """Decide for these partitions from now on: say what may not have been said, then go on. Nothing more is done
        when they are let go of after `term`, when the decider was begun: they may be another's."""
        async with self._one_at_a_time:
            for batch in decider.takeover():
                if term != self.term:
                    return
                await self._finish(decider, batch, ())
            self._generation = generation
            self.decider = decider

    async def let_go(self) -> None:
        """Own nothing any more, once the batch that is on its way is through."""
        self.term += 1
        async with self._one_at_a_time:
            self.decider = None
            self.done.clear()
            while not self._queue.empty():
                self._queue.get_nowait()

    async def run(self) -> None:
        while True:
            deliveries = await self._next()
            async with self._one_at_a_time:
                await self._batch(deliveries)

    async def _next(self) -> list[tuple[int, Delivery]]:
        """What has been brought; nothing if a location is due or nothing came for a while."""
        queue = self._queue
        deliveries: list[tuple[int, Delivery]] = []
        if queue.empty() and not (self.decider is not None and self.decider.is_behind):
            try:
                deliveries.append(await asyncio.wait_for(queue.get(), IDLE_S))
            except TimeoutError:
                return []
        await asyncio.sleep(0)  # let the agent bring what it has
        while not queue.empty() and len(deliveries) < AT_ONCE:
            deliveries.append(queue.get_nowait())
        return deliveries

    async def _batch(self, deliveries: Sequence[tuple[int, Delivery]]) -> None:
        decider = self.decider
        if decider is None:
            return
        current = [delivery for generation, delivery in deliveries if generation == self._generation]
        if not current and not decider.is_behind:
            return
        messages = [_message(delivery.message) for delivery in current]
        _check_for_gaps(decider, messages)
        batch = decider.batch(messages, self._budget(messages))
        await self._finish(decider, batch, current)

    async def _send_awake(self, message: Outgoing) -> Awaitable[Any]:
        """Look at the time before each message: after a pause there is nothing to be said any more."""
        self._pulse.check()
        return await self._send(message)

    def _budget(self, messages: Sequence[Message]) -> Callable[[int], bool]:
        """Until when locations that are due are asked: what a message says is told when the batch is through."""
        until = time.monotonic() + (DUE_BESIDE_S if messages else DUE_S)
        return lambda _: time.monotonic() < until

    async def _finish(self, decider: Decider, batch: Batch, deliveries: Iterable[Delivery]) -> None:
        """Save, publish, acknowledge: in this order, each when the one before is done."""
        with self._pulse.batch():
            await send_all(self._send_awake, refused(batch))
            for records in (saved(batch), followed(batch)):
                stand = await send_all(self._send_awake, records)
                written(decider, sorted((each.partition, each.offset) for each in stand))
            for partition, key, value in (*batch.records, *batch.followed):
                self._keep(partition, key, value)
            await send_all(self._send_awake, said(batch))
        events = 0
        for delivery in deliveries:
            delivery.ack()
            self.done[delivery.message.topic, delivery.message.partition] = delivery.message.offset + 1
            events += 1
        self.metrics.count(batch, events)


def written(decider: Decider, places: Iterable[tuple[int, int]]) -> None:
    """Where the records of a batch stand, as partition and offset, in order. Raises Hopeless."""
    for partition, offset in places:
        owned = decider.owned[partition]
        check_alone(partition, offset, owned.changelog_next)
        owned.changelog_next = offset + 1


def check_alone(partition: int, offset: int, due: int) -> None:
    """A process that was paused may save when it wakes: who starts over puts that right. Raises Hopeless."""
    if offset != due:
        raise Hopeless(
            f"{DECIDE_CHANGELOG}/{partition} is at offset {offset}, not {due}: another process writes there too"
        )


def _check_for_gaps(decider: Decider, messages: Iterable[Message]) -> None:
    """Intake writes one message after the other: what is missing was lost on the way here. Raises Hopeless."""
    due = {
        (LocationState.TOPIC, partition): owned.read[LocationState.TOPIC] for partition, owned in decider.owned.items()
    }
    for message in messages:
        place = message.topic, message.partition
        if place in due:
            if message.offset > due[place]:
                raise Hopeless(f"{place}: offset {message.offset} came, {due[place]} is due")
            due[place] = max(due[place], message.offset + 1)


def _message(message: Any) -> Message:
    return Message(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        message.headers or (),
        int(message.timestamp * 1000),
    )
