"""A platform of its own for each test: topics, input played into them, intake processes, and what they published."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clickhouse_connect
import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from infra.clickhouse import EmbeddedClickHouse
from infra.guard import die_with_guard
from schemas.derivation import Derivation
from schemas.facts import ExclusionProposal, Fact, LocationOutage, LocationState
from schemas.terms.book import Book
from schemas.topics import INTAKE_STATE, TOPICS
from schemas.wire import Line
from streams.audit.replay import Replay
from streams.intake.repair import Archive
from streams.intake.run import run
from streams.intake.saved import HEADER_KEY, Header, Saved
from streams.intake.session import GROUP
from streams.kafka import Kafka, read
from streams.topics import partition_counts

PUBLISHED: tuple[type[Fact], ...] = (LocationState, LocationOutage, ExclusionProposal)
INPUT = "device-heartbeats"
SHOWN = 3
"""So many differences are named where a check fails."""

Current = dict[str, list[dict[str, Any]]]


@dataclass
class Platform:
    """`topics` live from here on; the settings are those of the derivation and of the intake processes."""

    bootstrap: str
    book: Book
    settings: Derivation
    partitions: int
    session_timeout_s: float = 6.0
    save_every_s: float = 0.6
    archive: Mapping[str, Any] | None = None
    """How to connect to a ClickHouse, where what came too late is to be repaired."""
    failed: list[BaseException] = field(default_factory=list)

    def create(self) -> None:
        """Fresh topics, in place of any that there were. They keep the timestamps that they are given, however old."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        counts = partition_counts(self.partitions)
        there = set(admin.list_topics(timeout=10).topics) & set(TOPICS)
        if there:
            for future in admin.delete_topics(list(there)).values():
                future.result()
            while set(admin.list_topics(timeout=10).topics) & set(TOPICS):
                time.sleep(0.05)
        new = [
            NewTopic(
                topic.name,
                topic.partitions(counts),
                1,
                config=topic.config(self.settings) | {"message.timestamp.type": "CreateTime", "retention.ms": "-1"},
            )
            for topic in TOPICS.values()
        ]
        for future in admin.create_topics(new).values():
            future.result()
        while not set(TOPICS) <= set(admin.list_topics(timeout=10).topics):
            time.sleep(0.05)

    def play(self, lines: Iterable[Line], over_s: float = 0.0) -> None:
        """Into the topics; where `over_s` is given, evenly over so many seconds."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 5})
        lines = list(lines)
        begun = time.monotonic()
        for number, line in enumerate(lines):
            producer.produce(
                line.topic,
                line.value,
                line.key,
                partition=-1 if line.partition is None else line.partition,
                timestamp=line.timestamp or 0,
                headers=[*(line.headers or ())],
                on_delivery=self._delivered,
            )
            ahead_s = begun + over_s * number / len(lines) - time.monotonic()
            if ahead_s > 0.01:
                producer.poll(0)
                time.sleep(ahead_s)
        if left := producer.flush(30):
            self.failed.append(TimeoutError(f"{left} messages were not taken"))

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self.failed.append(KafkaException(error))

    def play_slowly(self, lines: Iterable[Line], seconds: float) -> threading.Thread:
        thread = threading.Thread(target=self.play, args=(lines, seconds))
        thread.start()
        return thread

    @contextmanager
    def intake(self, metrics_port: int | None = None) -> Iterator[None]:
        """Intake in a thread of this process."""
        stop = threading.Event()
        self.failed.clear()

        def follow() -> None:
            try:
                run(
                    self.bootstrap,
                    self.book,
                    self.settings,
                    stop,
                    session_timeout_s=self.session_timeout_s,
                    save_every_s=self.save_every_s,
                    archive=connects(self.archive),
                    metrics_port=metrics_port,
                )
            except BaseException as error:  # noqa: BLE001 -- raised again by the test
                self.failed.append(error)

        thread = threading.Thread(target=follow)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)
        assert not thread.is_alive()
        self._raise()

    def _raise(self) -> None:
        if self.failed:
            raise self.failed[0]

    def start(self, dies: tuple[str, int] | None = None) -> subprocess.Popen[bytes]:
        """Intake in a process of its own. One that `dies` does so as by `kill -9`, when a moment comes so often."""
        given = {
            "bootstrap": self.bootstrap,
            "derivation": self.settings.model_dump(),
            "session_timeout_s": self.session_timeout_s,
            "save_every_s": self.save_every_s,
            "archive": self.archive,
            "dies": dies,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "tests.intake.process", json.dumps(given)],
            cwd=Path(__file__).parents[2],
            preexec_fn=die_with_guard if sys.platform == "linux" else None,  # no process outlives its test
        )

    def dies(self, moment: str, number: int, within_s: float = 60.0) -> bool:
        """Whether an intake process came to a moment so often, and ended there."""
        process = self.start((moment, number))
        try:
            return process.wait(within_s) == -signal.SIGKILL
        finally:
            end(process, signal.SIGKILL)

    def read(self, topic: str) -> list[Line]:
        """The whole topic, in the order of its partitions."""
        reader = Kafka(self.bootstrap).reader()
        count = TOPICS[topic].partitions(partition_counts(self.partitions))
        lines = [_line(message) for partition in range(count) for message in read(reader, topic, partition)]
        reader.close()
        return lines

    def await_member(self, within_s: float = 30.0) -> None:
        """Until some process is a member of the group."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        deadline = time.monotonic() + within_s
        while True:
            future = admin.describe_consumer_groups([GROUP], request_timeout=2.0)[GROUP]
            try:
                if future.result().members:
                    return
            except KafkaException:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def await_saved(self, within_s: float = 60.0) -> None:
        """Until everything that was played is in a complete save."""
        deadline = time.monotonic() + within_s
        ends = {line.partition: (line.offset or 0) + 1 for line in self.read(INPUT)}
        registry = len(self.read("registry"))
        while True:
            self._raise()
            covered = self.headers()
            if all(
                partition in covered and covered[partition].covers >= end and covered[partition].registry >= registry
                for partition, end in ends.items()
            ):
                return
            assert time.monotonic() < deadline, ({each: covered[each].covers for each in covered}, ends)
            time.sleep(0.1)

    def dirty(self) -> dict[str, int]:
        """The locations that wait for repair by what was saved last, and how many samples of each were set aside."""
        newest = {line.key: line.value or b"" for line in self.read(INTAKE_STATE) if line.key != HEADER_KEY}
        saved = {key: msgspec.msgpack.decode(value, type=Saved) for key, value in newest.items() if key}
        return {key.decode(): len(record.dirty.late) for key, record in saved.items() if record.dirty is not None}

    def write_old_records(self) -> None:
        """Put the first record of every location in place of its newest, as a process does that wakes from a pause."""
        first: dict[bytes | None, Line] = {}
        for line in self.read(INTAKE_STATE):
            first.setdefault(line.key, line)
        self.play(line for key, line in first.items() if key != HEADER_KEY)

    def headers(self) -> dict[int | None, Header]:
        lines = [line for line in self.read(INTAKE_STATE) if line.key == HEADER_KEY]
        return {line.partition: msgspec.msgpack.decode(line.value or b"", type=Header) for line in lines}

    def published(self) -> Current:
        """The current facts: of each the newest, the later in the topic on a tie, if it is not retracted."""
        newest: dict[tuple[Any, ...], Fact] = {}
        for kind in PUBLISHED:
            for line in self.read(kind.TOPIC):
                if line.key is None or line.value is None:
                    continue
                fact = kind.read(msgspec.json.decode(line.value))
                known = newest.get((kind.TOPIC, fact.identity))
                if known is None or fact.version >= known.version:
                    newest[kind.TOPIC, fact.identity] = fact
        return _in_order(fact for fact in newest.values() if not fact.retracted)

    def refusals(self) -> set[tuple[Any, ...]]:
        """Of what intake reads."""
        letters = (msgspec.json.decode(line.value or b"{}") for line in self.read("dead-letters"))
        mine = (each for each in letters if each["topic"] in (INPUT, "registry"))
        return {(each["topic"], each["partition"], each["offset"], each["reason"]) for each in mine}

    def replay(self, *topics: str) -> Replay:
        """What an audit of what intake reads, and of more topics, derives."""
        replay = Replay(self.book, self.settings, partitions=self.partitions)
        replay.read(line for topic in ("registry", INPUT, *topics) for line in self.read(topic))
        return replay

    def audited(self) -> Current:
        return _in_order(fact for fact in self.replay().facts() if isinstance(fact, PUBLISHED))

    def check(self) -> None:
        """Current facts and refusals equal a replay's."""
        self._raise()
        published, audited = self.published(), self.audited()
        for topic in published.keys() | audited.keys():
            here, there = published.get(topic, []), audited.get(topic, [])
            only_published = [fact for fact in here if fact not in there]
            only_audited = [fact for fact in there if fact not in here]
            differ = len(only_published), len(only_audited)
            assert differ == (0, 0), (topic, differ, only_published[:SHOWN], only_audited[:SHOWN])
        refused = {(each.topic, each.partition, each.offset, each.reason) for each in self.replay().dead_letters}
        published_refusals = self.refusals()
        missing, wrong = refused - published_refusals, published_refusals - refused
        assert (missing, wrong) == (set(), set()), (missing, wrong)


def _in_order(facts: Iterable[Fact]) -> Current:
    by_topic: Current = {}
    for fact in sorted(facts, key=lambda fact: (fact.TOPIC, fact.key, fact.order)):
        by_topic.setdefault(fact.TOPIC, []).append(fact.current())
    return by_topic


def _line(message: Any) -> Line:
    return Line(
        topic=message.topic(),
        key=message.key(),
        value=message.value(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp=message.timestamp()[1],
        headers=message.headers(),
    )


def connection(clickhouse: EmbeddedClickHouse, database: str) -> dict[str, Any]:
    return {
        "host": clickhouse.host,
        "port": clickhouse.http_port,
        "username": clickhouse.user,
        "password": clickhouse.password,
        "database": database,
    }


def connects(archive: Mapping[str, Any] | None) -> Archive | None:
    return None if archive is None else lambda: clickhouse_connect.get_client(**archive)


def end(process: "subprocess.Popen[bytes]", how: int = signal.SIGTERM) -> int:
    process.send_signal(how)
    return process.wait(60)
