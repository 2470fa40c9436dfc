"""The state of a partition to `intake-state`, a little after every batch, so that nothing ever waits for a save.

A save takes every location that changed since the one before. It is complete when its header is acknowledged: then, and
only then, is what precedes `covers` never read again. A record says what was published of its location: it is sent when
that was acknowledged, so that after a crash nothing is believed to have been said that was not.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

import msgspec
from confluent_kafka import TopicPartition

from schemas.topics import INTAKE_STATE
from streams.intake import saved
from streams.intake.outbox import WATCHED, Outbox
from streams.intake.output import Output
from streams.intake.saved import Header, Saved, Snapshot, Sums
from streams.intake.share import TOPIC, Share

EVERY_S = 3.0
WRITTEN_WITHIN = 0.6
"""The part of that time over which the records of a save are spread; the rest is for their acknowledgement."""
AT_ONCE_S = 0.02
SLICE = 100
"""Locations to a slice: a few milliseconds."""


class _Slice(NamedTuple):
    """Records that may be sent when everything before the mark was acknowledged."""

    mark: int
    records: list[tuple[bytes, bytes]]


class Saving:
    """The saves of one partition."""

    def __init__(self, share: Share, output: Output, outbox: Outbox, snapshot: Snapshot) -> None:
        self.share = share
        self.covers, self._registry = snapshot.covered, snapshot.heard
        """Up to where the input is in a complete save."""
        self.completed = time.monotonic()
        """When a save was completed last, or the partition taken over."""
        self._output = output
        self._outbox = outbox
        self._sums = Sums(snapshot.counted)
        self._began = -inf  # the first save begins with the first message, as what was taken over may be old
        self._header: Header | None = None
        self._waiting: list[str] = []
        self._total = 0
        self._slices: deque[_Slice] = deque()
        self._mark: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything that was read is saved."""
        share = self.share
        if self._header is not None:
            return False
        is_known = (self.covers, self._registry) == (share.position, share.registry_offset)
        return share.is_quiet or (is_known and not share.has_spoken)

    @property
    def committed(self) -> TopicPartition:
        """What the group is told: how far the saves go, and how many locations wait for repair."""
        share = self.share
        return TopicPartition(TOPIC, share.partition, self.covers, metadata=str(len(share.memory.dirty)))

    def go_on(self, every_s: float) -> bool:
        """Do what is due now of a save that begins every `every_s` seconds; whether it was completed."""
        elapsed = time.monotonic() - self._began
        if self._header is None and not self.is_complete and elapsed >= every_s:
            self._header = self._begin()
            elapsed = 0.0
        if self._header is None:
            return False
        within_s = every_s * WRITTEN_WITHIN
        pause_ends = time.monotonic() + AT_ONCE_S
        due = self._total if elapsed >= within_s else int(self._total * elapsed / within_s) + 1
        while self._waiting and self._total - len(self._waiting) < due and time.monotonic() < pause_ends:
            self._write(self._header, self._waiting[-SLICE:])
            del self._waiting[-SLICE:]
        while self._slices and self._outbox.reached(self._slices[0].mark):
            for key, value in self._slices.popleft().records:
                self._outbox.send(INTAKE_STATE, key, value, self.share.partition)
        return not self._waiting and not self._slices and self._finish(self._header)

    def _begin(self) -> Header:
        share = self.share
        self._waiting = share.changed()
        self._total = len(self._waiting)
        self._began = time.monotonic()
        return Header(
            covers=share.position,
            registry=share.registry_offset,
            outputs={
                topic: self._output.unseen_from(topic, self._outbox.seen_until(topic, share.partition))
                for topic in WATCHED
            },
            clock=share.clock.save(),
            sums=[],
        )

    def _write(self, header: Header, location_ids: list[str]) -> None:
        """Put the records of some locations in the queue, pruned to the hot hours."""
        share = self.share
        records = []
        for location_id in location_ids:
            share.memory.forget(location_id)
            key = location_id.encode()
            held = share.chain.loop.keys[location_id]
            base = held.covers
            self._sums.replace(key, base, header.covers)
            held.covers = header.covers
            record = Saved(header.covers, base, share.chain.save(location_id), share.memory.dirty.get(location_id))
            records.append((key, saved.encode(record)))
        self._slices.append(_Slice(self._outbox.mark(), records))

    def _finish(self, header: Header) -> bool:
        """Write the header when the records are acknowledged; the save is complete when the header is."""
        if self._mark is None:
            self._mark = self._outbox.mark()
        if not self._outbox.reached(self._mark):
            return False
        if not header.sums:
            header = self._header = msgspec.structs.replace(header, sums=list(self._sums.parts))
            self._outbox.send(INTAKE_STATE, saved.HEADER_KEY, saved.encode(header), self.share.partition)
            self._mark = self._outbox.mark()
            return False
        self.covers, self._registry, self.completed = header.covers, header.registry, time.monotonic()
        self._header = self._mark = None
        return True


def save_all(savings: Sequence[Saving], poll: Callable[[float], None], within_s: float) -> bool:
    """Save everything now; whether there was time for it."""
    deadline = time.monotonic() + within_s
    while not all(saving.is_complete for saving in savings):
        if time.monotonic() > deadline:
            return False
        for saving in savings:
            saving.go_on(0.0)
        poll(0.005)
    return True
