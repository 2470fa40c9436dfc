"""The past of a location, derived again: what came too late for memory is judged from the archive, by the same folds.

A thread reads what the archive holds of the location, as soon as it holds all that intake has read and said. The rest
happens in the loop, so that a location's facts have one writer: archive, memory and late samples together are the
location's whole state, and what follows from it is compared with what was ever published of it.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from clickhouse_connect.driver.client import Client
from confluent_kafka import TopicPartition

from schemas.derivation import Derivation
from schemas.facts import DeadLetter, Fact
from schemas.wire import Gate
from streams.archive.read import accepted_diagnoses, accepted_heartbeats, accepted_ticks, current_facts
from streams.archive.wait import caught_up
from streams.engine import Held, by_identity
from streams.folds.clock import Clock
from streams.intake.memory import PROPOSALS, STATES
from streams.intake.outbox import WATCHED, Outbox
from streams.intake.past import Past, Request
from streams.intake.saved import Dirty
from streams.intake.share import FOLDS, TOPIC, Share
from streams.kafka import Kafka

CAUGHT_UP_WITHIN_S = 30.0
AGAIN_AFTER_S = 5.0

log = structlog.get_logger("intake")

Archive = Callable[[], Client]
"""Connects to ClickHouse."""

Ends = Mapping[str, Mapping[int, int]]
"""By topic and partition the offset up to which something was read."""


class Repair:
    """One location at a time: late events are few, and the loop has other things to do."""

    def __init__(self, kafka: Kafka, archive: Archive, outbox: Outbox, derivation: Derivation) -> None:
        self._kafka = kafka
        self._archive = archive
        self._outbox = outbox
        self._max_clock_lag_ms = derivation.max_clock_lag_s * 1000
        self._blind_after_ms = derivation.blind_after_ms
        self._gate = Gate(derivation)
        self._requests: queue.SimpleQueue[tuple[Request, Ends] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Past] = queue.SimpleQueue()
        self._next: Request | None = None
        self._is_asked = False
        self._waiting: dict[str, int] = {}
        """Of locations whose facts are ahead of the input: the version up to which it is to be read first."""
        self._closing = threading.Event()
        threading.Thread(target=self._work, name="repair", daemon=True).start()

    def go_on(self, shares: Sequence[Share]) -> None:
        """Take in the answer, if there is one, and ask for the next location."""
        if not self._answers.empty():
            self._next, self._is_asked = None, False
            past = self._answers.get()
            if any(share is past.request.share for share in shares):
                self._take(past)
        if self._next is None:
            self._next = self._choose(shares)
        if self._next is not None and not self._is_asked and self._outbox.reached(self._next.mark):
            self._requests.put((self._next, self._ends(self._next)))
            self._is_asked = True

    def _take(self, past: Past) -> None:
        """The others need not wait for a location whose facts are ahead of the input: it is asked about anew when that
        has come so far, which may be never where somebody else wrote them."""
        location_id = past.request.location_id
        if past.clock is not None:
            past.request.share.clock.was_read_again(past.clock)
        if past.is_overtaken:
            rebuild(past)
        else:
            self._waiting[location_id] = past.newest
            past.request.share.memory.in_repair = ""
            log.info("repair waits until the input has come as far", location_id=location_id, version=past.newest)

    def _choose(self, shares: Sequence[Share]) -> Request | None:
        for share in shares:
            for location_id in share.memory.dirty if not share.is_quiet else ():
                if self._waiting.get(location_id, 0) <= share.version:
                    share.memory.in_repair = location_id
                    with_ticks = not share.clock.knows_its_gaps
                    if with_ticks:
                        share.clock.read_again()
                    return Request(share, location_id, share.position, self._outbox.mark(), with_ticks)
        return None

    def _ends(self, request: Request) -> Ends:
        """How far the archive must have read what the location's facts and samples stand in."""
        partition = request.share.partition
        facts = {topic: {partition: self._outbox.ends.get((topic, partition), 0)} for topic in WATCHED}
        return {TOPIC: {partition: request.position}, **facts}

    def close(self) -> None:
        self._closing.set()
        self._requests.put(None)

    def _work(self) -> None:
        while (asked := self._requests.get()) is not None:
            while not self._closing.is_set():
                try:
                    self._answers.put(self._read(*asked))
                except Exception as error:  # noqa: BLE001 -- whatever ails ClickHouse: it is waited for
                    log.warning("the archive cannot be read: repair waits", reason=str(error)[:500])
                    self._closing.wait(AGAIN_AFTER_S)
                else:
                    break

    def _read(self, request: Request, ends: Ends) -> Past:
        client = self._archive()
        try:
            for topic, until in (*ends.items(), (DeadLetter.TOPIC, self._refusals())):
                caught_up(client, topic, until, CAUGHT_UP_WITHIN_S, kafka=self._kafka.config())
            past = Past(request, clock=Clock(self._blind_after_ms) if request.with_ticks else None)
            for batch in accepted_heartbeats(client, location=request.location_id):
                past.take(batch, self._max_clock_lag_ms)
            for ticks in accepted_ticks(client) if past.clock is not None else ():
                past.take_ticks(ticks)
            past.hear(accepted_diagnoses(client, location=request.location_id), self._gate)
            for fold in FOLDS:
                facts = current_facts(client, fold.fact, location=request.location_id)
                past.published.append(tuple(facts))
            return past
        finally:
            client.close()

    def _refusals(self) -> dict[int, int]:
        """How far the archive must know what was refused: to the end."""
        reader = self._kafka.reader()
        try:
            return {0: reader.get_watermark_offsets(TopicPartition(DeadLetter.TOPIC, 0), timeout=10.0)[1]}
        finally:
            reader.close()


def rebuild(past: Past) -> None:
    """Put the whole state of a location in the place of the one that memory had, and say what follows from it."""
    share, location_id = past.request.share, past.request.location_id
    loop = share.chain.loop
    states: Any = loop.folds[STATES]
    dirty, known = share.memory.dirty.pop(location_id), loop.held(location_id, share.partition)
    location = states.empty()
    for (device_id, profile), times in past.alike.items():
        states.absorb_all(location, device_id, profile, times)
    for device_id, profile, dated, taken_at, _ in (*past.delayed, *dirty.late):
        if taken_at == dated:
            states.absorb_all(location, device_id, profile, [dated])
        else:
            states.absorb_delayed(location, device_id, profile, dated, taken_at)
    states.merge(location, known.states[STATES])
    published = tuple(_newest(*facts) for facts in zip(past.published, known.published, strict=True))
    down_the_chain = [fold.empty() for fold in loop.folds[STATES + 1 :]]
    loop.hold(Held(known.key, share.partition, (location, *down_the_chain), published, covers=known.covers))
    _hear(past, dirty, known)
    # Months that are final stay as they are, but for what was accepted before they were.
    still_open = share.world.open_since(share.clock.time or 0)
    loop.forget(location_id, min(still_open, dirty.since - 1))
    share.memory.in_repair = ""
    share.figures.repaired += 1
    share.judge_again([location_id])
    loop.keys[location_id].changed = share.has_spoken = True


def _hear(past: Past, dirty: Dirty, known: Held) -> None:
    """Tell the location's new state every diagnosis that there is."""
    loop = past.request.share.chain.loop
    proposals: Any = loop.folds[PROPOSALS]
    heard = loop.keys[known.key].states[PROPOSALS]
    for sample in past.diagnoses:
        proposals.absorb(heard, sample, 0)
    for late in dirty.late:
        if late.said is not None:
            proposals.hear(heard, late.said, late.taken_at)
    proposals.merge(heard, known.states[PROPOSALS])


def _newest(archived: Iterable[Fact], held: Iterable[Fact]) -> tuple[Fact, ...]:
    """Of each fact the newest. What is held is never older than what was archived; of one version the two say the same,
    unless somebody else wrote what stands there."""
    newest = by_identity(archived)
    for fact in held:
        if fact.identity not in newest or fact.version > newest[fact.identity].version:
            newest[fact.identity] = fact
    return tuple(newest.values())
