"""What the archive holds of a location that is to be derived again."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.events import Heartbeat
from schemas.events.heartbeat import effective_at
from schemas.facts import Fact
from schemas.wire import Gate, Line, decode
from streams.archive.read import Heartbeats, Ticks
from streams.folds.clock import Clock
from streams.folds.samples import Profile
from streams.intake.saved import Late
from streams.intake.share import Share


@dataclass(frozen=True)
class Request:
    """Everything of a location that the input before `position` says, when all that intake said of it was acknowledged:
    everything before `mark`."""

    share: Share
    location_id: str
    position: int
    mark: int
    with_ticks: bool = False
    """Whether the ticks of its partition are to be read again, too."""


@dataclass
class Past:
    """What the archive holds of a location: its samples by device and profile, those that count at their arrival, those
    that are diagnoses, and its current facts."""

    request: Request
    alike: dict[tuple[str, Profile], "array[int]"] = field(default_factory=dict)
    delayed: list[Late] = field(default_factory=list)
    diagnoses: list[Heartbeat] = field(default_factory=list)
    published: list[tuple[Fact, ...]] = field(default_factory=list)
    clock: Clock | None = None
    """By the ticks of the partition, where they are read again."""

    def take(self, batch: Heartbeats, max_clock_lag_ms: int) -> None:
        """Take in what intake has read. The archive may be ahead, where nobody has said yet what is refused."""
        here, end = self.request.share.partition, self.request.position
        for _, device_id, at, up, interval_ms, collector_id, received_at, buffered, partition, offset, _ in zip(
            *batch, strict=True
        ):
            if partition != here or offset >= end:
                continue
            profile = Profile(bool(up), interval_ms, collector_id)
            taken_at = effective_at(at, received_at, buffered, max_clock_lag_ms)
            if taken_at != at:
                self.delayed.append(Late(device_id, profile, at, taken_at))
            else:
                self.alike.setdefault((device_id, profile), array("q")).append(at)

    def take_ticks(self, batch: Ticks) -> None:
        """Likewise ticks."""
        assert self.clock is not None, "they are read again"
        here, end = self.request.share.partition, self.request.position
        for collector_id, at, partition, offset, _ in zip(*batch, strict=True):
            if partition == here and offset < end:
                self.clock.tick(collector_id, at)

    def hear(self, lines: Iterable[Line], gate: Gate) -> None:
        """Take in the diagnoses among the messages that intake has read."""
        here, end = self.request.share.partition, self.request.position
        for line in lines:
            if line.partition == here and line.offset is not None and line.offset < end:
                event = decode(
                    line.topic, line.value, key=line.key, headers=line.headers, timestamp=line.timestamp, gate=gate
                )
                if isinstance(event, Heartbeat):
                    self.diagnoses.append(event)

    @property
    def newest(self) -> int:
        """The version of the newest of the facts."""
        return max((fact.version for facts in self.published for fact in facts), default=0)

    @property
    def is_overtaken(self) -> bool:
        """Whether as much input was read as the newest of the facts follow from. An owner before this one may have been
        further: what is said of an earlier position would be older than what it said, and never count."""
        return self.request.share.version >= self.newest
