"""Where the messages that an explanation names stood: they are looked for once more, now that they are known.

A replay takes plain heartbeats in by the thousand and does not keep where each one was. So the recording is read a
second time. What was refused is not found, and of a message that came several times the first in the log is.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.events import Annotation, Heartbeat, RegistryRecord, Tick, TicketEvent
from schemas.wire import Line, Rejected, parse_line
from streams.audit.explain.inputs import said_by, said_in_diagnosis
from streams.audit.explain.step import Explanation, Said
from streams.audit.replay import Replay
from streams.engine import FOREVER, Partition
from streams.folds.proposals import diagnosis_of


class Place(NamedTuple):
    """Where a message stood: `line` in a file, from 1. `copies`: how often it came, this time included."""

    topic: str
    partition: Partition
    offset: int | None
    line: int | None
    event_id: str | None
    copies: int = 1

    @property
    def order(self) -> tuple[int, int, int]:
        """The first in the log; where it has no offset, the first in the file."""
        unknown = self.offset is None or self.partition is None
        place = (FOREVER, FOREVER) if unknown else (self.partition or 0, self.offset or 0)
        return *place, self.line or 0


def said_in(explanations: Iterable[Explanation]) -> set[Said]:
    """The messages that are named."""
    steps = (step for explanation in explanations for step in explanation.steps)
    return {entry.said for step in steps for entry in step.inputs if entry.said is not None}


class Search:
    """A search for messages through the recording that an audit has read."""

    def __init__(self, audit: Replay, wanted: Iterable[Said]) -> None:
        self._audit = audit
        self._found: dict[Said, dict[tuple[object, ...], Place]] = {}
        self.wanted = frozenset(wanted)
        self._ticks: dict[tuple[object, object], list[Said]] = {}
        for said in self.wanted:
            if said.topic == Tick.TOPIC and said.key is None:
                self._ticks.setdefault((said.identity[0], said.identity[1]), []).append(said)
        self._names = _pattern({said.key or str(said.identity[0]) for said in self.wanted})

    def read_file(self, lines: Iterable[bytes]) -> None:
        """Look through the lines of a file; those that name nothing that is wanted are passed over."""
        for number, raw in enumerate(lines, 1):
            if self._names is None or self._names.search(raw):
                line = parse_line(raw)
                if isinstance(line, Line):
                    self.look_at(line, number)

    def read(self, lines: Iterable[Line | Rejected]) -> None:
        for line in lines:
            if isinstance(line, Line):
                self.look_at(line)

    def look_at(self, line: Line, number: int | None = None) -> None:
        event = self._audit.judged(line)
        if isinstance(event, Tick):
            place = Place(line.topic, line.partition, line.offset, number, event.id)
            self.tick(event.collector_id, event.occurred_at, place)
        elif isinstance(event, Heartbeat | RegistryRecord | Annotation | TicketEvent):
            place = Place(line.topic, line.partition, line.offset, number, getattr(event, "id", None))
            self.add(said_by(event), place)
            if isinstance(event, Heartbeat) and (diagnosed := diagnosis_of(event)) is not None:
                self.add(said_in_diagnosis(event.location_id, diagnosed), place)

    def tick(self, collector_id: str, at: int, place: Place) -> None:
        """Look at a tick. One that names no partition reached every one."""
        for said in self._ticks.get((collector_id, at), ()):
            if place.partition in (None, said.identity[2]):
                self.add(said, place)

    def add(self, said: Said, place: Place) -> None:
        """Keep a place, if the message is wanted. One that is looked at twice is kept once, with its id if that is
        known."""
        if said in self.wanted:
            known = self._found.setdefault(said, {})
            at = place.partition, place.offset, place.line
            if place.event_id is not None or at not in known:
                known[at] = place

    def places(self) -> "Places":
        """Where each message stood first."""
        return {
            said: min(places.values(), key=lambda place: place.order)._replace(copies=len(places))
            for said, places in self._found.items()
        }


Places = Mapping[Said, Place]

_PLAIN = re.compile(r"[\w.:-]+", re.ASCII)


def _pattern(names: Iterable[str]) -> re.Pattern[bytes] | None:
    """What a line must have that names one of these; None: JSON may write a name in more than one way."""
    known = list(names)
    if not known or not all(map(_PLAIN.fullmatch, known)):
        return None
    return re.compile(b"|".join(re.escape(name.encode()) for name in known))
