"""The rules that make a faust app dependable, one by one."""

import asyncio
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError  # type: ignore[import-untyped]
from aiokafka.partitioner import DefaultPartitioner  # type: ignore[import-untyped]
from faust.types import TP

from schemas.events import Annotation
from schemas.facts import LocationState
from schemas.partitioner import murmur2_partition
from schemas.topics import DECIDE_APP, DECIDE_CHANGELOG, TOPICS
from streams.decide.app import AGENT, Settings, build
from streams.decide.connection import credentials
from streams.decide.lifeline import Pulse, Reached, Watchdog
from streams.decide.metrics import Metrics
from streams.decide.publisher import Hopeless, Outgoing, Send, send_all
from streams.decide.pump import Pump
from streams.decide.reader import Reader
from streams.decide.records import is_clock
from tests.decide.cluster import Cluster, Process
from tests.decide.story import BOOK, DERIVATION, tell


@pytest.fixture
def built(tmp_path: Path) -> tuple[faust.App, Any]:
    return build(
        Settings(bootstrap="one:9092, two:9093", data=tmp_path, book=BOOK, derivation=DERIVATION, web_port=26999)
    )


@pytest.fixture
def app(built: tuple[faust.App, Any]) -> faust.App:
    return built[0]


@pytest.fixture
def decide(built: tuple[faust.App, Any]) -> Any:
    return built[1]


def test_names_do_not_come_from_where_the_code_stands(app: faust.App) -> None:
    assert app.conf.id == DECIDE_APP
    assert set(app.agents) == {AGENT}


def test_faust_recovers_nothing_and_keeps_nothing(app: faust.App) -> None:
    """It would take one record after the other."""
    assert not app.tables


def test_the_changelog_has_the_partitions_of_what_it_is_made_from() -> None:
    made_from = {TOPICS[name].partitions() for name in ("location-states", "outage-annotations", "availability")}
    assert made_from == {TOPICS[DECIDE_CHANGELOG].partitions()}
    assert TOPICS[DECIDE_CHANGELOG].compacted


def test_topics_are_created_by_our_own_command_only(app: faust.App) -> None:
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader


def test_one_event_is_handled_at_a_time(app: faust.App) -> None:
    assert [agent.concurrency for agent in app.agents.values()] == [1]


def test_there_are_no_transactions_and_every_write_is_acknowledged_once(app: faust.App) -> None:
    assert not app.in_transaction
    producer: Any = app.transport.Producer(app.transport)
    assert producer._settings_extra() == {"acks": "all", "enable_idempotence": True}
    assert app.conf.producer_acks == -1


def test_the_web_view_listens_on_loopback_only(app: faust.App) -> None:
    assert (app.conf.web_bind, app.conf.web_host, app.conf.web_port) == ("127.0.0.1", "127.0.0.1", 26999)
    assert not app.conf.web_tables_enabled


def test_it_reads_on_from_where_the_records_say_whatever_is_committed(app: faust.App) -> None:
    mine, first, others = TP(LocationState.TOPIC, 0), TP(Annotation.TOPIC, 0), TP(LocationState.TOPIC, 1)
    consumer: Any = app.consumer
    sought: dict[TP, int] = {}

    async def seek_wait(places: dict[TP, int]) -> None:
        sought.update(places)

    consumer._thread = SimpleNamespace(assignment=lambda: {mine, first}, seek_wait=seek_wait)
    consumer.resume = {mine: 50, first: 0, others: 7}
    asyncio.run(consumer.perform_seek())
    assert sought == {mine: 50, first: 0}


def test_partitions_are_taken_over_between_an_assignment_and_a_revocation_only(
    decide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recovery that was under way when they were revoked may end later."""
    moments: list[Any] = []
    taken: list[int] = []

    async def restore() -> None:
        taken.append(len(moments))

    monkeypatch.setattr(decide, "_restore", restore)

    async def live() -> None:
        for happens in (None, decide._assigned, decide._let_go, decide._assigned):
            if happens is not None:
                await happens()
            moments.append(happens)
            await decide._own()

    asyncio.run(live())
    assert taken == [2, 4]


def test_a_member_that_takes_nothing_over_is_noticed(decide: Any) -> None:
    async def reached() -> Any:
        before = await decide._reached_if_any()
        await decide._assigned()
        return before, await decide._reached_if_any()

    assert asyncio.run(reached()) == ({}, {(DECIDE_CHANGELOG, 0): Reached(0, 1)})


def test_broadcasts_are_read_to_their_end_though_no_message_stands_there(decide: Any) -> None:
    """A transaction ends with a marker that nobody is shown."""

    async def end_offsets(places: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(places, 5)

    async def position(_: Any) -> int:
        return 5

    async def catch_up() -> None:
        reader: Any = Reader(decide._broadcasts, {"bootstrap_servers": "one:9092"}, lambda _: None, lambda _: None)
        reader._consumer = SimpleNamespace(end_offsets=end_offsets, position=position)
        await asyncio.wait_for(reader.catch_up(), 2)

    asyncio.run(catch_up())


def test_it_talks_to_every_broker(app: faust.App) -> None:
    assert [(url.host, url.port) for url in app.conf.broker] == [("one", 9092), ("two", 9093)]


def test_keys_go_where_every_other_producer_sends_them() -> None:
    partitions = list(range(8))
    for key in (f"loc-{number}".encode() for number in range(1000)):
        assert DefaultPartitioner()(key, partitions, partitions) == murmur2_partition(key, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sasl.kerberos.service.name": "kafka"}, "cannot follow the Kafka option sasl.kerberos.service.name"),
        ({"security.protocol": "TLS"}, "must be one of PLAINTEXT"),
        ({"security.protocol": "SASL_SSL", "sasl.mechanism": "GSSAPI"}, "decide knows PLAIN"),
    ],
)
def test_a_security_option_that_cannot_be_followed_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        credentials(options)


def test_security_options_are_passed_on() -> None:
    options = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "decide"}
    sasl = credentials(options | {"sasl.password": "secret"})["broker_credentials"]
    assert (sasl.protocol.value, sasl.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (sasl.username, sasl.password) == ("decide", "secret")
    assert sasl.ssl_context is not None
    assert credentials({}) == {}


class Delivery:
    """A message as faust brings it, which notes whether it was acknowledged."""

    def __init__(self, message: Any, order: list[str], generation: int = 1) -> None:
        fields = message._asdict() | {"timestamp": message.timestamp / 1000, "generation_id": generation}
        self.message = SimpleNamespace(**fields)
        self.order = order
        self.acked = False

    def ack(self) -> bool:
        self.acked = True
        self.order.append("acknowledged")
        return True


def producer(notes: Callable[[Outgoing], object], cluster: Cluster) -> Send:
    """A producer for a cluster, which shows each message to `notes` first: that may raise what Kafka would, or return
    how long it takes."""

    async def send(message: Outgoing) -> Any:
        return asyncio.ensure_future(stands(message, notes(message)))

    async def stands(message: Outgoing, takes_s: object) -> Any:
        if isinstance(takes_s, float):
            await asyncio.sleep(takes_s)
        [(partition, offset)] = cluster.send([message])
        return SimpleNamespace(partition=partition, offset=offset)

    return send


def pumped(
    notes: Callable[[Outgoing], object],
    generation: int = 1,
    pulse: Pulse | None = None,
    lost: int | None = None,
    cluster: Cluster | None = None,
) -> tuple[list[Delivery], list[str], BaseException | None]:
    """Some messages through a pump with such a producer: what became of them, and how the pump ended."""
    story = tell(3, locations=4, partitions=1, days=5, reports=0.9)
    cluster = cluster or Cluster(1)
    order: list[str] = []
    for out in story.outs:
        cluster.append(out)
    process = Process(cluster, story, [0])
    messages = [message for message in process.poll(("location-states", 0), 40) if message.offset != lost]
    deliveries = [Delivery(message, order, generation) for message in messages]

    async def run() -> None:
        beating = pulse or Pulse(60)
        pump = Pump(producer(notes, cluster), lambda *_: order.append("kept"), Metrics(), beating)
        await pump.own(process.decider, 1, pump.term)
        for delivery in deliveries:
            await pump.bring(delivery)
        await asyncio.wait_for(asyncio.gather(pump.run(), beating.beat()), 2)

    try:
        asyncio.run(run())
    except (Hopeless, TimeoutError) as ended:
        return deliveries, order, ended
    return deliveries, order, None


def test_what_is_saved_precedes_what_is_said_and_both_precede_the_acknowledgement() -> None:
    topics: list[str] = []
    deliveries, order, _ = pumped(lambda message: topics.append(message.topic))
    assert all(delivery.acked for delivery in deliveries)
    assert topics.index("availability") > topics.index(DECIDE_CHANGELOG)
    assert order.index("acknowledged") > order.index("kept")


def test_how_far_a_partition_was_followed_is_saved_when_its_locations_are() -> None:
    """Kafka takes no location for a while: nothing that stands beyond it may be there."""
    keys: list[bytes] = []
    refusals = iter([True] * 3)

    def notes(message: Outgoing) -> None:
        if message.topic == DECIDE_CHANGELOG and not is_clock(message.key) and next(refusals, False):
            raise KafkaConnectionError
        keys.extend([message.key] if message.topic == DECIDE_CHANGELOG else [])

    pumped(notes)
    claim, *rest = keys
    assert is_clock(claim)
    assert len(set(takewhile(lambda key: not is_clock(key), rest))) == 4


def test_who_lost_partitions_while_taking_them_over_leaves_them_alone() -> None:
    sent: list[Outgoing] = []

    async def run() -> None:
        cluster, story = Cluster(1), tell(3, locations=4, partitions=1, days=5)
        pump = Pump(producer(sent.append, cluster), lambda *_: None, Metrics(), Pulse(60))
        begun = pump.term
        await pump.let_go()
        await pump.own(Process(cluster, story, [0]).decider, 1, begun)
        assert pump.decider is None

    asyncio.run(run())
    assert not sent


def test_who_loses_partitions_while_taking_them_over_says_nothing_more() -> None:
    cluster, story = Cluster(1), tell(3, locations=4, partitions=1, days=5)
    sent: list[Outgoing] = []
    gone: list[Any] = []

    async def run() -> None:
        def notes(message: Outgoing) -> None:
            sent.append(message)
            gone.append(asyncio.ensure_future(pump.let_go()))

        pump = Pump(producer(notes, cluster), lambda *_: None, Metrics(), Pulse(60))
        await pump.own(Process(cluster, story, [0]).decider, 1, pump.term)
        await asyncio.gather(*gone)
        assert pump.decider is None

    for out in story.outs:
        cluster.append(out)
    Process(cluster, story, [0]).start().finish()  # its batch is to be said again, claimed and saved again
    asyncio.run(run())
    assert {message.topic for message in sent} == {"availability"}


@pytest.mark.parametrize("topic", [DECIDE_CHANGELOG, "availability"])
def test_a_failure_acknowledges_nothing(topic: str) -> None:
    """An agent that raises acknowledges its event: so ours does not raise, and the process ends instead."""

    def notes(message: Outgoing) -> None:
        if message.topic == topic:
            raise MessageSizeTooLargeError

    deliveries, _, ended = pumped(notes)
    assert isinstance(ended, Hopeless)
    assert not any(delivery.acked for delivery in deliveries)


def test_what_came_before_a_rebalance_is_left_to_whoever_gets_it_again() -> None:
    deliveries, _, _ = pumped(lambda _: None, generation=0)
    assert not any(delivery.acked for delivery in deliveries)


def test_a_kafka_that_comes_back_gets_what_it_missed() -> None:
    taken: list[Outgoing] = []
    failures = iter([True, False, True])

    def notes(message: Outgoing) -> None:
        if next(failures, False):
            raise KafkaConnectionError
        taken.append(message)

    messages = [Outgoing("availability", 0, b"key", str(number).encode()) for number in range(3)]
    stand = asyncio.run(send_all(producer(notes, Cluster(1)), messages))
    assert sorted(taken) == messages
    assert [at.offset for at in stand] == [0, 1, 2]


def test_a_kafka_that_stays_away_ends_the_process() -> None:
    def away(message: Outgoing) -> None:
        if not is_clock(message.key):
            raise KafkaConnectionError

    deliveries, _, ended = pumped(away, pulse=Pulse(limit_s=0.6, stop=_stopped))
    assert "did not take a batch" in str(ended)
    assert not any(delivery.acked for delivery in deliveries)


def test_a_pause_ends_the_process_before_it_says_anything() -> None:
    said: list[str] = []
    pulse = Pulse(limit_s=10, stop=said.append)
    pulse.check()
    assert not said
    pulse._last -= 11
    pulse.check()
    assert said == ["the process stood still for 11.0 s"]


def test_a_pause_between_two_messages_leaves_the_second_unsaid() -> None:
    taken: list[str] = []
    pulse = Pulse(limit_s=10, stop=_stopped)

    def notes(message: Outgoing) -> None:
        taken.append(message.topic)
        if len(taken) == 2:  # the first is the claim
            pulse._last -= 11

    deliveries, _, ended = pumped(notes, pulse=pulse)
    assert len(taken) == 2
    assert isinstance(ended, Hopeless)
    assert not any(delivery.acked for delivery in deliveries)


def test_a_batch_that_kafka_does_not_take_ends_the_process_and_is_not_said() -> None:
    """It may be out of reach for this process only: the partitions may be another's soon."""
    topics: list[str] = []

    def notes(message: Outgoing) -> float | None:
        topics.append(message.topic)
        return 60.0 if len(topics) == 2 else None  # the first is the claim

    deliveries, _, ended = pumped(notes, pulse=Pulse(limit_s=0.6, stop=_stopped))
    assert "did not take a batch" in str(ended)
    assert set(topics) == {DECIDE_CHANGELOG}
    assert not any(delivery.acked for delivery in deliveries)


def test_who_finds_that_another_writes_to_its_changelog_says_nothing_more() -> None:
    cluster = Cluster(1)
    topics: list[str] = []

    def notes(message: Outgoing) -> None:
        topics.append(message.topic)
        if len(topics) == 2:
            cluster.send([message])

    deliveries, _, ended = pumped(notes, cluster=cluster)
    assert "another process writes there too" in str(ended)
    assert set(topics) == {DECIDE_CHANGELOG}
    assert not any(delivery.acked for delivery in deliveries)


def _stopped(why: str) -> None:
    raise Hopeless(why)


@pytest.mark.parametrize(
    ("looks", "stops"),
    [
        pytest.param([(0, 5, 10), (61, 5, 10)], True, id="nothing finished while input waits"),
        pytest.param([(0, 5, 10), (40, 6, 20), (80, 7, 40)], False, id="slow, but something is finished"),
        pytest.param([(0, 10, 10), (100, 10, 10), (120, 10, 11)], False, id="idle, then input"),
        pytest.param([(0, 5, 10), (50, 6, 10), (100, 6, 10), (111, 6, 10)], True, id="stopped later"),
    ],
)
def test_a_worker_that_makes_no_progress_ends(looks: list[tuple[int, int, int]], stops: bool) -> None:
    async def unused() -> dict[str, Reached]:
        return {}

    said: list[str] = []
    watchdog = Watchdog(unused, patience_s=60, stop=said.append)
    for now, done, end in looks:
        watchdog.look({"location-states/0": Reached(done, end)}, now)
    assert bool(said) == stops


def test_a_missing_state_ends_the_process() -> None:
    deliveries, _, ended = pumped(lambda _: None, lost=3)
    assert isinstance(ended, Hopeless)
    assert "offset 4 came, 3 is due" in str(ended)
    assert not any(delivery.acked for delivery in deliveries)
