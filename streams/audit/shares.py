"""The audit of a long file by several processes at once: each reads a share of the lines, then derives the facts of a
share of the accounts, then of the locations.

Only a plain file can be entered in the middle. Each process takes the short way for what is plain in its share, and
says where the other lines stand; what is alike is put together, and the others read, here, in the order of the file.
"""

import gc
import os
import signal
from array import array
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar
from zlib import crc32

import msgspec

from schemas.facts import Fact
from schemas.wire.lines import TicketLine
from streams.audit.bulk import Alike, Bulk
from streams.audit.replay import Replay
from streams.audit.sources import UnreadableError
from streams.folds.claims import Claim
from streams.folds.world import World

T = TypeVar("T")

WORTH_IT_BYTES = 64 << 20
"""Below that, starting processes costs more than it saves."""


_TICKETS = msgspec.msgpack.Decoder(list[tuple[int, int, TicketLine]])


class Share(NamedTuple):
    """What a process found: how many lines, the plain ones, and of the others their numbers (from 1) and places."""

    lines: int
    alike: list[Alike]
    tickets: bytes
    """Those that are plain, with number and place, for msgpack."""
    numbers: "array[int]"
    places: "array[int]"


def processes_for(path: Path) -> int:
    """How many processes should read a file; 1: none but this."""
    if "fork" not in get_all_start_methods() or not path.is_file() or path.stat().st_size < WORTH_IT_BYTES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_in_shares(audit: Replay, path: Path, processes: int) -> None:
    """Tell an audit every line of a plain file. Raises OSError, UnreadableError."""
    size = path.stat().st_size
    edges = [size * number // processes for number in range(processes + 1)]
    read = partial(_read, path, audit.bulk.empty())
    with _started(processes, audit) as pool:
        shares = list(pool.map(read, edges[:-1], edges[1:]))
    before = 0
    with path.open("rb") as file:
        for share in shares:
            audit.bulk.add(share.alike)
            for number, place, ticket in _TICKETS.decode(share.tickets):
                audit.take_ticket(ticket, before + number, place)
            for number, place in zip(share.numbers, share.places, strict=True):
                audit.read_line(before + number, _line_at(file, place))
            before += share.lines
        audit.identities.recall(partial(_line_at, file))


def told_in_shares(audit: Replay, processes: int, tell: Callable[[Iterable[Fact], World], list[T]]) -> Iterator[T]:
    """What is told of all current facts, in no order, by the processes that derived them. The audit itself can be asked
    nothing more."""
    audit.end()
    if audit.has_tickets:
        with _started(processes, audit) as pool:
            for claims, told in pool.map(partial(_of_accounts, processes, tell), range(processes)):
                audit.chain.tell([*_loaded(claims)])
                yield from told
    with _started(processes, audit) as pool:
        for told in pool.map(partial(_of_locations, processes, tell), range(processes)):
            yield from told


def facts_in_shares(audit: Replay, processes: int) -> Iterator[Fact]:
    """Every current fact, in no order, likewise."""
    return _loaded(told_in_shares(audit, processes, _saved))


def derived_in_shares(audit: Replay, processes: int) -> Iterator[Fact]:
    """The facts of locations alone: of these, any that are few can then be derived here, too."""
    with _started(processes, audit) as pool:
        for saved in pool.map(partial(_of_locations, processes, _saved), range(processes)):
            yield from _loaded(saved)


@contextmanager
def _started(processes: int, audit: Replay) -> Iterator[ProcessPoolExecutor]:
    """Processes that see all of an audit as it is now. Raises UnreadableError where one of them is killed."""
    try:
        with ProcessPoolExecutor(processes, get_context("fork"), _begin, (audit,)) as pool:
            yield pool
    except BrokenProcessPool:
        raise UnreadableError(f"one of {processes} processes was killed: see that there is memory for them") from None


_inherited: list[Replay] = []
"""In one of the processes: the audit as it was when that began."""


def _begin(audit: Replay) -> None:
    gc.disable()  # this process ends with its share, and all it takes in is handed on
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who is interrupted says so once
    _inherited.append(audit)


Saved = tuple[type[Fact], bytes]
"""Facts of one kind on their way from one process to another: pickling them takes five times as long."""


def _saved(facts: Iterable[Fact], world: World) -> list[Saved]:
    by_kind: dict[type[Fact], list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(type(fact), []).append(fact)
    return [(kind, msgspec.msgpack.encode(of_kind)) for kind, of_kind in by_kind.items()]


def _loaded(saved: Iterable[Saved]) -> Iterator[Fact]:
    return (fact for kind, of_kind in saved for fact in kind.load(of_kind))


def _is_in(processes: int, share: int, key: str) -> bool:
    """Which keys are whose share follows from their names."""
    return crc32(key.encode()) % processes == share


def _of_accounts(
    processes: int, tell: Callable[[Iterable[Fact], World], list[T]], share: int
) -> tuple[list[Saved], list[T]]:
    """What accounts claim, which locations are to be told; and what is told of the rest."""
    audit = _inherited[0]
    said = [*audit.derived_desk(partial(_is_in, processes, share))]
    claims = [fact for fact in said if isinstance(fact, Claim)]
    return _saved(claims, audit.world), tell(audit.chain.tell(said), audit.world)


def _of_locations(processes: int, tell: Callable[[Iterable[Fact], World], list[T]], share: int) -> list[T]:
    audit = _inherited[0]
    facts = audit.derived(lambda place: audit.concerns(place) and _is_in(processes, share, place))
    return tell(facts, audit.world)


def _read(path: Path, bulk: Bulk, start: int, end: int) -> Share:
    """The lines that begin in ``[start, end)``."""
    audit, tickets = _inherited[0], []
    numbers, places = array("q"), array("q")
    with path.open("rb") as file:
        lines = _Lines(file, start, end)
        for number, raw, ticket in bulk.others(lines):
            if ticket is not None and audit.is_plain(ticket, raw):
                tickets.append((number, lines.place, ticket))
            else:
                numbers.append(number)
                places.append(lines.place)
    return Share(lines.count, bulk.taken(), msgspec.msgpack.encode(tickets), numbers, places)


def _line_at(file: BinaryIO, place: int) -> bytes:
    file.seek(place)
    return file.readline()


class _Lines:
    """The lines of a share; `place` is where the line that was read last begins, `count` how many were read."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._end = end
        self.place = start
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        at = self._start
        if at:
            self._file.seek(at - 1)
            at += len(self._file.readline()) - 1
        for line in self._file:
            if at >= self._end:
                return
            self.place = at
            self.count += 1
            at += len(line)
            yield line
