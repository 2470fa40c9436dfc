"""Reads the broadcasts: completely before anything else, then as they grow. It is in no consumer group."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from schemas.events import RegistryRecord
from schemas.facts import LocationState, Progress
from streams.broadcasts import Broadcasts

REGISTRY: Final = TopicPartition(RegistryRecord.TOPIC, 0)
PROGRESS: Final = TopicPartition(Progress.TOPIC, 0)
POLL_MS: Final = 200
RETRY_S: Final = 1.0
TAIL: Final = 20_000
"""How many of the newest progress records are read first: in them, most likely, every partition speaks."""

log = structlog.get_logger()


class Reader:
    """Keeps broadcasts up to date. `registered` is told which locations a record concerns, `heard` which partition."""

    def __init__(
        self,
        broadcasts: Broadcasts,
        connection: Mapping[str, Any],
        registered: Callable[[Iterable[str]], None],
        heard: Callable[[int], None],
    ) -> None:
        self.broadcasts = broadcasts
        self.partitions = 0
        """Of the topics keyed by location."""
        self._registered = registered
        self._heard = heard
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=POLL_MS,
        )

    async def start(self) -> None:
        """Connect, and read everything that is there."""
        consumer = self._consumer
        await consumer.start()
        await consumer._client.add_topic(LocationState.TOPIC)  # noqa: SLF001 - no public way to its partition count
        self.partitions = len(consumer.partitions_for_topic(LocationState.TOPIC) or ())
        if not self.partitions:
            raise LookupError(f"there is no topic {LocationState.TOPIC}: create the topics first")
        consumer.assign([REGISTRY, PROGRESS])
        ends = await consumer.end_offsets([REGISTRY, PROGRESS])
        consumer.pause(PROGRESS)
        await self._read_until(REGISTRY, ends[REGISTRY])
        consumer.resume(PROGRESS)
        await self._hear_every_partition(ends[PROGRESS])

    async def follow(self) -> None:
        """Read on for ever; a Kafka that cannot be reached is waited for."""
        while True:
            try:
                await self._read()
            except KafkaError as error:
                log.warning("broadcasts cannot be read", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def catch_up(self) -> None:
        """Wait until everything that stands in the broadcasts now has been read, markers of transactions included."""
        for place, end in (await self.ends([REGISTRY, PROGRESS])).items():
            while await self._consumer.position(place) < end:
                await asyncio.sleep(POLL_MS / 1000)

    async def ends(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset of each of these partitions."""
        ends: Mapping[TopicPartition, int] = await self._consumer.end_offsets(list(places))
        return ends

    async def begins(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The first offset that is still there of each of these partitions."""
        begins: Mapping[TopicPartition, int] = await self._consumer.beginning_offsets(list(places))
        return begins

    async def stop(self) -> None:
        await self._consumer.stop()

    async def _hear_every_partition(self, end: int) -> None:
        """Only the newest word of each partition counts: go back as far as it takes to hear all of them."""
        begin = (await self._consumer.beginning_offsets([PROGRESS]))[PROGRESS]
        tail = TAIL
        while True:
            start = max(begin, end - tail)
            self._consumer.seek(PROGRESS, start)
            self.broadcasts.progress_next = 0
            await self._read_until(PROGRESS, end)
            if start == begin or len(self.broadcasts.heard) >= self.partitions:
                return
            tail *= 8

    async def _read_until(self, place: TopicPartition, end: int) -> None:
        while await self._consumer.position(place) < end:
            await self._read()
        if place == REGISTRY:
            self.broadcasts.registry_next = max(self.broadcasts.registry_next, end)
        else:
            self.broadcasts.progress_next = max(self.broadcasts.progress_next, end)

    async def _read(self) -> None:
        for place, messages in (await self._consumer.getmany(timeout_ms=POLL_MS, max_records=2000)).items():
            for message in messages:
                if place.topic == REGISTRY.topic:
                    self._register(message)
                else:
                    self._hear(message)

    def _register(self, message: Any) -> None:
        offset, key, value = message.offset, message.key, message.value
        self._registered(self.broadcasts.register(offset, key, value, message.headers, message.timestamp))

    def _hear(self, message: Any) -> None:
        progress = self.broadcasts.hear(message.offset, message.value)
        if progress is not None:
            self._heard(progress.partition)
