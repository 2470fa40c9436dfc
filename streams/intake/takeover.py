"""A partition taken over: its saved state restored, and what its last owner said after saving looked up."""

from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, TopicPartition

from schemas.wire import Gate
from streams.folds.world import World
from streams.intake.outbox import WATCHED, Outbox, Range
from streams.intake.output import Output
from streams.intake.progress import ProgressTeller
from streams.intake.registry import Registry, concerned, reconciled
from streams.intake.saved import Snapshot, read_snapshot
from streams.intake.saving import Saving
from streams.intake.share import TOPIC, Figures, Share
from streams.kafka import read, watermarks

SKEW_MS = 60_000
"""So far the clocks of brokers may lie apart."""

log = structlog.get_logger("intake")


@dataclass(frozen=True)
class Followed:
    """A partition that this process has."""

    share: Share
    saving: Saving
    output: Output
    progress: ProgressTeller


@dataclass(frozen=True)
class TakeOver:
    """What it takes."""

    reader: Consumer
    world: World
    gate: Gate
    outbox: Outbox
    registry: Registry
    figures: Figures

    def __call__(self, partition: int) -> Followed:
        """Raises Interrupted."""
        snapshot = read_snapshot(self.reader, partition)
        share = self._restored(partition, snapshot)
        output = self._output(share, snapshot)
        saving = Saving(share, output, self.outbox, snapshot)
        log.info("partition taken over", partition=partition, locations=len(snapshot.locations), offset=share.position)
        return Followed(share, saving, output, ProgressTeller(share, self.outbox))

    def _restored(self, partition: int, snapshot: Snapshot) -> Share:
        share = Share(partition, self.world, self.gate, self.outbox, self.figures)
        share.registry_offset = self.registry.next_offset
        header = snapshot.header
        if header is not None:
            share.clock.restore(header.clock)
        for location, record in snapshot.locations.items():
            location_id = location.decode()
            share.chain.restore(location_id, partition, record.state)
            held = share.chain.loop.keys[location_id]
            held.covers = snapshot.counted[location]
            if record.dirty is not None:
                share.memory.dirty[location_id] = record.dirty
            if snapshot.is_ahead(record):
                held.changed = share.has_spoken = True
        low, share.end = watermarks(self.reader, TOPIC, partition)
        share.position = max(low, self._resume_at(share, snapshot))
        share.quiet_until = snapshot.reaches()
        share.judge_again(location.decode() for location in snapshot.doubtful)
        if snapshot.locations:
            heard = self.registry.since(snapshot.heard)
            share.judge_from(concerned(share, heard))
            share.repair_from(reconciled(share, heard))
        return share

    def _resume_at(self, share: Share, snapshot: Snapshot) -> int:
        """What the header covers; where a record does not fit, what that covers, but not before the hot hours."""
        covered, doubtful = snapshot.covered, snapshot.doubtful
        offset = min(doubtful.values(), default=covered)
        if offset >= covered:
            return covered
        reached = self._offset_at(TOPIC, share.partition, share.memory.hot_since, covered)
        log.warning("a stale write in the saved state", partition=share.partition, from_offset=offset, covered=covered)
        for location, covers in doubtful.items():
            if covers < reached:
                share.memory.leave(location.decode(), share.memory.hot_since)
        return min(covered, max(offset, reached))

    def _output(self, share: Share, snapshot: Snapshot) -> Output:
        output = Output(share)
        for topic in WATCHED:
            known = snapshot.header.outputs.get(topic, 0) if snapshot.header is not None else 0
            if share.position < snapshot.covered:
                known = self._said_since(topic, share, known)
            end = watermarks(self.reader, topic, share.partition)[1]
            output.look(self.reader, [Range(topic, share.partition, known, end)])
            self.outbox.ends[topic, share.partition] = end
        return output

    def _said_since(self, topic: str, share: Share, known: int) -> int:
        """From where on a stale record may not know what was published: what follows from the input that it lacks came
        after that input."""
        for message in read(self.reader, TOPIC, share.partition, share.position, share.position + 1):
            return min(known, self._offset_at(topic, share.partition, message.timestamp()[1] - SKEW_MS, known))
        return known

    def _offset_at(self, topic: str, partition: int, at: int, otherwise: int) -> int:
        """The first offset of what came at an instant (ms) or later; `otherwise` where nothing did."""
        found = self.reader.offsets_for_times([TopicPartition(topic, partition, max(0, at))], timeout=30.0)
        return found[0].offset if found[0].offset >= 0 else otherwise
