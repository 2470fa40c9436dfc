"""One membership in the consumer group: partitions are taken over from the saved state, followed, saved and given up.

A session that cannot go on is thrown away whole, and the next one starts from the saved state: recovery from a lost
broker, from a long pause and from a crash is one and the same path.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from schemas.derivation import Derivation
from schemas.terms.book import Book
from schemas.wire import Gate
from streams.folds.world import World
from streams.intake.heap import Heap
from streams.intake.outbox import WATCHED, Outbox
from streams.intake.registry import Registry, concerned, reconciled
from streams.intake.repair import Archive, Repair
from streams.intake.saving import EVERY_S, Saving, save_all
from streams.intake.share import TOPIC, Figures, Share
from streams.intake.takeover import Followed, TakeOver
from streams.kafka import SWIFT, Interrupted, Kafka, reason, watermarks

GROUP = "fivenines-intake"
BATCH = 10_000
FETCHING = {**SWIFT, "queued_min_messages": 2 * BATCH}
"""The next messages are fetched while these are taken in."""
WAIT_S = 0.05
GIVE_UP_WITHIN_S = 3.0
"""Partitions that go to another process are saved first, if that takes no longer: the group waits."""
STOP_WITHIN_S = 20.0
MEASURE_EVERY_S = 0.5
SILENT_S = 5.0
"""After so long without a record of ours in a partition it is asked where that ends; progress comes far more often."""

log = structlog.get_logger("intake")


@dataclass(frozen=True)
class Options:
    """`session_timeout_s`: after so long a silence the partitions are given to other processes."""

    book: Book
    derivation: Derivation
    session_timeout_s: float = 15.0
    save_every_s: float = EVERY_S
    archive: Archive | None = None
    """Without it, what is to be repaired waits."""


class Session:
    """A context: it ends by giving everything up."""

    def __init__(self, kafka: Kafka, options: Options, figures: Figures) -> None:
        self.followed: dict[int, Followed] = {}
        self._touched: set[int] = set()
        self._failure: Exception | None = None
        self._closing = False
        self._measured_at = 0.0
        self._looked_at = time.monotonic()
        self._heap = Heap()
        self._save_every_s = options.save_every_s
        timeout_ms = int(options.session_timeout_s * 1000)
        self._pause = PauseCheck(options.session_timeout_s * 0.7)
        # What was queued before a long pause expires while the partitions still are ours.
        self.outbox = Outbox(kafka, delivery_timeout_ms=timeout_ms * 2 // 3)
        world = World(options.book, options.derivation)
        gate = Gate(options.derivation, world.open_since)
        self.registry = Registry(kafka, world, gate, figures.unknown)
        self._reader = kafka.reader()
        archive = options.archive
        self._repair = Repair(kafka, archive, self.outbox, options.derivation) if archive is not None else None
        self._take_over = TakeOver(self._reader, world, gate, self.outbox, self.registry, figures)
        self._consumer = Consumer(
            kafka.config(
                group_id=GROUP,
                partition_assignment_strategy="cooperative-sticky",
                session_timeout_ms=timeout_ms,
                heartbeat_interval_ms=max(100, timeout_ms // 6),
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                **FETCHING,
            )
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        """Without saving: what was saved is all that counts."""
        self._closing = True
        if self._repair is not None:
            self._repair.close()
        self.outbox.abandon()
        self._consumer.close()
        self._reader.close()
        self.registry.close()

    def follow(self, stop: threading.Event) -> None:
        """Until `stop`; then everything is saved. Raises Interrupted."""
        self.registry.read_all()
        self._consumer.subscribe([TOPIC], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)
        self._pause.begin()
        while not stop.is_set():
            batch = self._consumer.consume(BATCH, WAIT_S)
            self._check_pause()
            if self._failure is not None:
                raise self._failure
            self._take(batch)
            self.outbox.poll()
            self._hear_registry()
            self._look_where_silent(SILENT_S)
            self._compare_output()
            self._measure_lag()
            if self._repair is not None:
                self._repair.go_on([followed.share for followed in self.followed.values()])
            for followed in self.followed.values():
                followed.progress.tell()
                if followed.saving.go_on(self._save_every_s):
                    self._commit(followed.saving)
            self._heap.give_back()
            self._check_pause()
        self._look_where_silent(0.0)
        self._compare_output()
        self._save([followed.saving for followed in self.followed.values()], STOP_WITHIN_S)

    def _take(self, batch: Sequence[Message]) -> None:
        if any(map(Message.error, batch)):
            batch = self._without_errors(batch)
        touched, self._touched = self._touched, set()
        for partition, messages in groupby(batch, Message.partition):
            followed = self.followed.get(partition)  # type: ignore[arg-type]
            if followed is None:
                continue
            if partition in touched:
                # Taken over while the batch was collected: messages of the time before may stand in it.
                self._seek(followed.share)
            else:
                followed.share.take(list(messages))

    def _without_errors(self, batch: Sequence[Message]) -> Sequence[Message]:
        for message in batch:
            if (error := message.error()) is not None:
                log.warning("cannot read", topic=TOPIC, partition=message.partition(), reason=reason(error))
        return [message for message in batch if message.error() is None]

    def _seek(self, share: Share) -> None:
        try:
            self._consumer.seek(TopicPartition(TOPIC, share.partition, share.position))
        except KafkaException as error:
            raise Interrupted(f"{TOPIC}/{share.partition}: {reason(error.args[0])}") from error

    def _hear_registry(self) -> None:
        records = self.registry.news()
        for followed in self.followed.values():
            share = followed.share
            if share.registry_offset != self.registry.next_offset:
                share.registry_offset = self.registry.next_offset
                share.judge_from(concerned(share, records))
                share.repair_from(reconciled(share, records))
                self._say_refusals(share)

    def _say_refusals(self, share: Share) -> None:
        if share.partition == 0:
            for letter in self.registry.refused:
                self.outbox.dead_letter(letter)
            self.registry.refused.clear()

    def _compare_output(self) -> None:
        ranges, self.outbox.foreign = self.outbox.foreign, []
        for found in ranges:
            if followed := self.followed.get(found.partition):
                followed.output.look(self._reader, [found])
        for followed in self.followed.values():
            if doubtful := followed.output.compare():
                log.warning("another process wrote here", partition=followed.share.partition, locations=doubtful)

    def _look_where_silent(self, silent_s: float) -> None:
        """Where nothing of ours follows, nothing shows that another process wrote."""
        now = time.monotonic()
        if now - self._looked_at < silent_s:
            return
        self._looked_at = now
        for partition in self.followed:
            for topic in WATCHED:
                if self.outbox.silent_s(topic, partition) >= silent_s:
                    self.outbox.reaches(topic, partition, watermarks(self._reader, topic, partition)[1])

    def _measure_lag(self) -> None:
        now = time.monotonic()
        if now - self._measured_at < MEASURE_EVERY_S:
            return
        self._measured_at = now
        for partition, followed in self.followed.items():
            at = TopicPartition(TOPIC, partition)
            _, end = self._consumer.get_watermark_offsets(at, cached=True)
            followed.share.end = max(followed.share.end, end)

    def _check_pause(self) -> None:
        """After standing still for long, only the group knows whether the partitions still are ours: it takes no offset
        from a process that is no member any more."""
        if not self._pause.is_over_limit() or not self.followed:
            return
        covered = [each.saving.committed for each in self.followed.values()]
        try:
            self._consumer.commit(offsets=covered, asynchronous=False)
        except KafkaException as error:
            raise Interrupted(f"this process stood still, and lost its share: {reason(error.args[0])}") from error

    def _commit(self, saving: Saving) -> None:
        """Only for those who watch the group: the state says where to resume."""
        try:
            self._consumer.commit(offsets=[saving.committed], asynchronous=True)
        except KafkaException as error:
            log.warning("offset not committed", partition=saving.share.partition, reason=reason(error.args[0]))

    def _save(self, savings: Sequence[Saving], within_s: float) -> None:
        if not save_all(savings, self.outbox.poll, within_s):
            log.warning("not all was saved: the rest is read again", within_s=within_s)
        for saving in savings:
            self._commit(saving)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            for each in partitions:
                followed = self.followed[each.partition] = self._take_over(each.partition)
                self._touched.add(each.partition)
                self._say_refusals(followed.share)
                each.offset = followed.share.position
            consumer.incremental_assign(partitions)
        except Exception as error:  # noqa: BLE001 -- raised again where the loop can end
            self._failure = error
        self._pause.begin()

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if not self._closing and self._failure is None:
            given_up = [self.followed[each.partition].saving for each in partitions if each.partition in self.followed]
            try:
                self._save(given_up, GIVE_UP_WITHIN_S)
            except Interrupted as error:
                self._failure = error
        self._drop(consumer, partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.warning("partitions lost", partitions=[each.partition for each in partitions])
        self._drop(consumer, partitions)

    def _drop(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for each in partitions:
            self.followed.pop(each.partition, None)
            self._take_over.world.clocks.pop(each.partition, None)
        consumer.incremental_unassign(partitions)
        self._pause.begin()


class PauseCheck:
    """Whether the process stood still, stopped or swapped out, nearly long enough to lose its partitions."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self.begin()

    def begin(self) -> None:
        self._seen, self._worked = time.monotonic(), time.thread_time()

    def is_over_limit(self) -> bool:
        """Since this was asked last; time in which it worked does not count."""
        seen, worked = self._seen, self._worked
        self.begin()
        return (self._seen - seen) - (self._worked - worked) > self._limit_s
