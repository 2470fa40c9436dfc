"""What every partition needs to know: the registry, and how far each partition has been followed (semantics §2, §6).

Both are read completely before the first event is taken, and followed from then on.
"""

from collections.abc import Collection, Iterable

import msgspec

from schemas import times
from schemas.events import Heartbeat, Reconciliation, RegistryRecord
from schemas.facts import Progress
from schemas.wire import Gate, Rejected, decode
from schemas.wire.envelope import Headers
from streams.folds.clock import Clock
from streams.folds.world import World


class Broadcasts:
    """What the broadcasts have said so far, and which locations that concerns."""

    def __init__(self, world: World, says: Collection[str] = ()) -> None:
        """`says`: the topics of whoever listens."""
        self.world = world
        self._says = frozenset(says)
        self.gate = Gate(world.derivation, world.open_since)
        self.registry_next = 0
        self.progress_next = 0
        self.heard: dict[int, Clock] = {}
        """How far each partition of the heartbeats has been followed, wherever its facts have been read."""
        self.concerned: dict[str, int] = {}
        """Of each registered location the registry offset after the newest record that says something about it."""
        self._reconciled: dict[str, list[tuple[int, Reconciliation]]] = {}
        """Of each location and account the reconciliations of what is said here, each with its registry offset."""
        self.refused = 0
        self._locations_of: dict[str, dict[str, None]] = {}

    def register(
        self, offset: int, key: bytes | None, value: bytes | None, headers: Headers, timestamp: int
    ) -> Iterable[str]:
        """Take a message of the registry; the locations whose months it may change."""
        record = self.absorb(offset, key, value, headers, timestamp)
        return () if record is None else self.concerns(record)

    def absorb(
        self, offset: int, key: bytes | None, value: bytes | None, headers: Headers, timestamp: int
    ) -> RegistryRecord | None:
        """Take a message of the registry; the record, if it is a new one.

        A refused one is only counted: intake, which reads the registry as well, makes it a dead letter. It also counts
        the records with fields that nobody knows.
        """
        self.registry_next = offset + 1
        record = decode(RegistryRecord.TOPIC, value, key=key, headers=headers, timestamp=timestamp, gate=self.gate)
        if isinstance(record, Rejected):
            self.refused += 1
            return None
        if not isinstance(record, RegistryRecord) or not self.world.registry.absorb(record):
            return None
        if isinstance(record, Reconciliation) and self._says.intersection(record.facts):
            self._reconciled.setdefault(record.subject, []).append((offset, record))
        self.concerned.update(dict.fromkeys(self.concerns(record), offset + 1))
        return record

    def concerns(self, record: RegistryRecord) -> Iterable[str]:
        """The locations whose months a record may change."""
        if record.entity == "location":
            self._locations_of.setdefault(record.account_id, {})[record.entity_id] = None  # type: ignore[attr-defined]
            return (record.entity_id,)
        if isinstance(record, Reconciliation):  # what was known of a month decides when its credit may be claimed
            is_concerned = record.location_id is not None and (record.months or self._says.intersection(record.facts))
            return (record.subject,) if is_concerned else ()
        if record.entity == "account":
            return tuple(self._locations_of.get(record.entity_id, ()))
        return ()

    def reconciliations(self, subject: str, since: int) -> list[Reconciliation]:
        """Those of a location or an account that stand at a registry offset (`since`) or behind it."""
        return [record for offset, record in self._reconciled.get(subject, ()) if offset >= since]

    def hear(self, offset: int, value: bytes | None) -> Progress | None:
        """Take a message of the progress topic; the progress, if it is one of the heartbeats."""
        self.progress_next = max(self.progress_next, offset + 1)
        progress = read_progress(value)
        if progress is None or progress.topic != Heartbeat.TOPIC:
            return None
        self.clock(progress.partition).follow(progress.through, progress.first)
        return progress

    def clock(self, partition: int) -> Clock:
        """The time of a partition of the heartbeats, as far as it was heard."""
        clock = self.heard.get(partition)
        if clock is None:
            clock = self.heard[partition] = Clock(self.world.derivation.blind_after_ms)
        return clock


def read_progress(value: bytes | None) -> Progress | None:
    """A progress record; None for anything else."""
    try:
        written = msgspec.json.decode(value or b"")
        written.update(through=times.parse(written["through"]), first=times.parse(written["first"]))
        return msgspec.convert(written, Progress)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
