"""The faust app: one agent over states and annotations, what is kept of locations, and the services around them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import faust
import mode
import structlog
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from faust.types import TP, StreamT
from yarl import URL

from infra.ports import LOOPBACK
from schemas.derivation import Derivation
from schemas.events import Annotation
from schemas.facts import Availability, LocationState
from schemas.partitioner import partition_of
from schemas.terms.book import Book
from schemas.topics import DECIDE_APP, DECIDE_CHANGELOG, STATE_BYTES
from streams.broadcasts import Broadcasts
from streams.decide.changelog import read_changelog
from streams.decide.connection import ResumingConsumer, Transport, brokers, credentials, reader_settings
from streams.decide.decider import Decider, Ends
from streams.decide.lifeline import Pulse, Reached, Watchdog, stop_hard
from streams.decide.metrics import CONTENT_TYPE, Metrics
from streams.decide.publisher import Outgoing
from streams.decide.pump import Pump, check_alone
from streams.decide.reader import Reader
from streams.decide.records import Records
from streams.folds.world import World

AGENT: Final = "months"
INPUT: Final = (LocationState.TOPIC, Annotation.TOPIC)
LOGS: Final = (*INPUT, DECIDE_CHANGELOG)

log = structlog.get_logger()


@dataclass(frozen=True)
class Settings:
    """What a worker needs to know."""

    bootstrap: str
    """`HOST:PORT,…` of Kafka."""
    data: Path
    """A folder of its own: faust keeps a few files there, and no state."""
    book: Book
    derivation: Derivation
    options: Mapping[str, str] = field(default_factory=dict)
    """librdkafka's options for a secured Kafka."""
    web_port: int = 6066
    """On the loopback interface: faust's web view, and `/metrics` for Prometheus."""
    session_timeout_s: float = 30.0
    """After which silence of a worker another gets its partitions; a pause of two thirds of it ends the worker."""
    stalled_after_s: float = 120.0
    """How long input may wait without any of it being finished before the worker ends."""


def build(settings: Settings) -> tuple[faust.App, mode.Service]:
    """The app, complete and not started, and the service that must have started before it."""
    app = _app(settings)
    return app, _Decide(app, settings)


def _app(settings: Settings) -> faust.App:
    secured = credentials(settings.options)
    app = faust.App(
        DECIDE_APP,
        broker=brokers(settings.bootstrap),
        **secured,
        autodiscover=False,
        datadir=settings.data,
        processing_guarantee="at_least_once",
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=min(3.0, settings.session_timeout_s / 3),
        broker_request_timeout=max(90.0, settings.session_timeout_s),
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=STATE_BYTES,
        producer_acks=-1,
        producer_compression_type="lz4",
        producer_linger=0.0,
        producer_max_request_size=STATE_BYTES,
        producer_request_timeout=settings.session_timeout_s,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_bind=LOOPBACK,
        web_host=LOOPBACK,
        web_port=settings.web_port,
        web_tables_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.transport = Transport([URL(str(url)) for url in app.conf.broker], app)
    app.producer_transport = app.transport
    return app


class _Decide(mode.Service):
    """Ties faust's life to ours. It starts before the app does, so that every broadcast has been read by then.

    Any failure here ends the process: faust would acknowledge what was not finished.
    """

    def __init__(self, app: faust.App, settings: Settings) -> None:
        super().__init__()
        self._app = app
        self._settings = settings
        self._broadcasts = Broadcasts(World(settings.book, settings.derivation), [Availability.TOPIC])
        self._connection = reader_settings(settings.bootstrap, credentials(settings.options))
        self._metrics = Metrics()
        self._is_member = False
        """Between an assignment and the next revocation. A recovery that was under way then may end later."""
        self._pulse = Pulse(settings.session_timeout_s * 2 / 3)
        self._pump = Pump(self._send, self._keep, self._metrics, self._pulse)
        self._records = Records()
        channel = app.topic(*INPUT, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        app.agent(channel, name=AGENT, concurrency=1)(self._bring)
        app.on_partitions_revoked.connect(self._let_go)
        app.on_partitions_assigned.connect(self._assigned)
        app.on_rebalance_complete.connect(self._own)
        app.on_before_shutdown.connect(self._let_go)  # faust leaves the group without revoking

        @app.page("/metrics", name="metrics")
        async def show(web: Any, request: Any) -> Any:  # faust makes a view of it, which a method cannot be
            return web.bytes(await self._metrics_now(), content_type=CONTENT_TYPE)

    async def on_start(self) -> None:
        """Read the broadcasts completely."""
        self._reader = Reader(self._broadcasts, self._connection, self._registered, self._heard)
        await self._reader.start()

    async def on_started(self) -> None:
        watchdog = Watchdog(self._reached_if_any, self._settings.stalled_after_s)
        for work in (self._pulse.beat, self._reader.follow, self._pump.run, watchdog.watch):
            self.add_future(self._or_stop(work))

    async def on_stop(self) -> None:
        await self._reader.stop()

    async def _or_stop(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work that ends the process when it fails, unless it is ending anyway and Kafka is let go of."""
        try:
            await work()
        except Exception as error:
            if not (self.should_stop or self._app.should_stop):
                log.exception("decide cannot go on")
                stop_hard(repr(error))

    async def _bring(self, stream: StreamT[Any]) -> None:
        async for event in cast(faust.Stream[Any], stream).noack().events():
            await self._pump.bring(event)

    async def _assigned(self, *_: Any, **__: Any) -> None:
        self._is_member = True

    async def _own(self, *_: Any, **__: Any) -> None:
        try:
            if self._is_member:
                await self._restore()
        except Exception as error:
            log.exception("the partitions cannot be taken over")
            stop_hard(repr(error))

    async def _restore(self) -> None:
        """Make a decider of what was saved, once every broadcast has been read."""
        app, generation, term = self._app, self._app.consumer_generation_id, self._pump.term
        reader = self._reader
        await reader.catch_up()
        owned = sorted(place.partition for place in app.consumer.assignment() if place.topic == LocationState.TOPIC)
        records = self._records
        next_of = {each: records.readings[each].next for each in owned}
        await read_changelog(self._connection, next_of, records.take, lambda: term == self._pump.term)
        ends = await reader.ends([TopicPartition(topic, each) for topic in LOGS for each in owned])
        if term != self._pump.term:
            return
        readings = {each: records.readings[each] for each in owned}
        for each, reading in readings.items():
            check_alone(each, ends[TopicPartition(DECIDE_CHANGELOG, each)], reading.next)
        decider = Decider(
            self._broadcasts,
            records.data.get,
            partial(partition_of, partitions=reader.partitions),
            {each: Ends(*(ends[TopicPartition(topic, each)] for topic in INPUT)) for each in owned},
            readings,
            records.of(owned),
        )
        log.info("partitions taken over", partitions=owned, locations=records.locations(owned))
        await self._resume_at(decider)
        await self._pump.own(decider, generation, term)

    async def _resume_at(self, decider: Decider) -> None:
        """Make faust read on from where the records say."""
        begins = await self._reader.begins(TopicPartition(topic, each) for topic in INPUT for each in decider.owned)
        resume = {TP(*place): max(decider.owned[place.partition].read[place.topic], begins[place]) for place in begins}
        for place, offset in resume.items():
            decider.owned[place.partition].read[place.topic] = offset
        consumer = cast(ResumingConsumer, self._app.consumer)
        consumer.resume = resume
        await consumer._commit(resume)  # noqa: SLF001 - its public one commits acknowledgements; for those who watch

    async def _let_go(self, *_: Any, **__: Any) -> None:
        self._is_member = False
        try:
            await asyncio.wait_for(self._pump.let_go(), self._settings.session_timeout_s)
        except TimeoutError:
            stop_hard("a batch is not through, and the partitions are another's")

    def _registered(self, locations: Any) -> None:
        if self._pump.decider is not None:
            self._pump.decider.registered(locations)

    def _heard(self, partition: int) -> None:
        if self._pump.decider is not None:
            self._pump.decider.hear(partition)

    def _keep(self, partition: int, key: bytes, value: bytes) -> None:
        self._records.put(key, value, partition)

    async def _send(self, message: Outgoing) -> Awaitable[Any]:
        topic, partition, key, value = message
        handed: Awaitable[Any] = await self._app.producer.send(topic, key, value, partition, None, None)
        return handed

    async def _reached(self) -> Mapping[tuple[str, int], Reached]:
        """How far each owned partition has been finished; nothing while there is no decider."""
        decider, done = self._pump.decider, self._pump.done
        if decider is None:
            return {}
        ends = await self._reader.ends(TopicPartition(topic, each) for topic in INPUT for each in decider.owned)
        return {
            tuple(place): Reached(done.get(tuple(place), decider.owned[place.partition].read[place.topic]), end)
            for place, end in ends.items()
        }

    async def _reached_if_any(self) -> Mapping[tuple[str, int], Reached]:
        """The same; of a member that owns nothing yet, how much of the changelog it has read."""
        if self._pump.decider is not None or not self._is_member:
            return await self._reached()
        read = sum(reading.next for reading in self._records.readings.values())
        return {(DECIDE_CHANGELOG, 0): Reached(read, read + 1)}

    async def _metrics_now(self) -> bytes:
        decider, metrics = self._pump.decider, self._metrics
        for (topic, partition), (done, end) in (await self._reached()).items():
            metrics.lag.labels(topic, partition).set(max(0, end - done))
        if decider is not None:
            metrics.locations.set(self._records.locations(decider.owned))
            metrics.at_once.set(len(decider.agenda))
            for partition, owned in decider.owned.items():
                metrics.time.labels(partition).set((owned.clock.time or 0) / 1000)
        return metrics.text()
