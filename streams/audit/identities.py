"""The events of a recording that others may contradict: of those with one key and identity the first in the log counts.

Only the whole log can tell which that is. Nearly all identities come once, so the others are kept apart.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from schemas.events import Event
from schemas.wire import Line, Rejected, conflict, parse_line
from streams.audit.sources import line_at
from streams.engine import Partition


class Placed(msgspec.Struct, frozen=True, gc=False):
    """An event, and where it stood: `number` counts the lines of the recording from 1."""

    event: Event
    partition: Partition
    offset: int | None
    number: int
    message: Line | bytes | int
    """Bytes: the whole line of a file, which can be read. A number: where in the file that line begins."""

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the log of its partition; a line that does not know it stands where the file has it."""
        return (self.number if self.offset is None else self.offset, self.number)

    @property
    def line(self) -> Line:
        line = parse_line(self.message) if isinstance(self.message, bytes) else self.message
        assert isinstance(line, Line)
        return line

    def recalled(self, file: BinaryIO) -> "Placed":
        """With its line as it stands in the file."""
        place = self.message
        return msgspec.structs.replace(self, message=line_at(file, place)) if isinstance(place, int) else self


class Identities:
    """By key and identity the event that was read first, and those that were read after it."""

    def __init__(self) -> None:
        self._first: dict[tuple[Any, ...], Placed] = {}
        self._again: dict[tuple[Any, ...], list[Placed]] = {}

    def take(self, placed: Placed) -> None:
        named = placed.event.key, *placed.event.identity
        if self._first.setdefault(named, placed) is not placed:
            self._again.setdefault(named, []).append(placed)

    def events(self) -> Iterator[Event]:
        """Every event that was read."""
        for placed in self._first.values():
            yield placed.event
        for again in self._again.values():
            yield from (placed.event for placed in again)

    def recall(self, path: Path) -> None:
        """Read again the lines of a file of which one may have to be refused. Raises OSError."""
        if not self._again:
            return
        with path.open("rb") as file:
            for named, again in self._again.items():
                self._first[named] = self._first[named].recalled(file)
                again[:] = [placed.recalled(file) for placed in again]

    def settle(
        self, refuse: Callable[[Rejected, Line, int], None], wanted: Callable[[Event], bool]
    ) -> Iterator[Placed]:
        """All was read: of the events that are wanted, those that count. Others must say the same. Nothing is kept."""
        for named, again in self._again.items():
            if not wanted(again[0].event):
                continue
            first, *others = sorted([self._first[named], *again], key=lambda each: each.place)
            self._first[named] = first
            for other in others:
                refused = conflict(first.event, other.event)
                if refused is not None:
                    refuse(refused, other.line, other.number)
        yield from (placed for placed in self._first.values() if wanted(placed.event))
        self._first.clear()
        self._again.clear()
