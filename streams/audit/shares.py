"""The audit of a long file by several processes at once: each reads a share of the lines, then derives the facts of a
share of the accounts, then of the locations.

Only a plain file can be entered in the middle. Each process takes the short way for what is plain in its share, and
says where the other lines stand; what is alike is put together, and the others read, here, in the order of the file.
"""

import gc
import os
import signal
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_all_start_methods, get_context, parent_process
from pathlib import Path
from threading import BrokenBarrierError, Thread
from typing import Any, BinaryIO, Final, Generic, NamedTuple, TypeVar

import msgspec

from schemas.events import TicketEvent
from schemas.facts import DeadLetter, Fact
from streams.audit.bulk import Alike, Bulk
from streams.audit.handing import Hands
from streams.audit.packed import Packed, Packing, share_of
from streams.audit.replay import Replay
from streams.audit.sources import LINE_BYTES, NEVER_JSON, UnreadableError, is_too_long, line_at, skip_line
from streams.calendars import ALWAYS
from streams.folds.chain import DESK, FOLDS
from streams.folds.claims import Claim
from streams.folds.world import World

T = TypeVar("T")

WORTH_IT_BYTES = 64 << 20
"""Below that, starting processes costs more than it saves."""

SCATTERED: Final = frozenset(
    fold.fact.TOPIC
    for folds, key in ((FOLDS, "location_id"), (DESK, "account_id"))
    for fold in folds
    if key != fold.fact.KEY
)
"""Of these topics several shares may have facts of one key: they follow from something that has another."""


class Share(NamedTuple):
    """What a process found: how many lines, the plain ones, and of the others their numbers (from 1) and places."""

    lines: int
    alike: list[Alike]
    tickets: list[list[bytes]]
    """Those that are plain, packed by the shares of their accounts."""
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
    with _started(processes, audit) as pool:
        shares = list(pool.each(partial(_read, path, edges, audit.bulk.empty())))
    packed = Packed(path, [[] for _ in range(processes)])
    before = 0
    with path.open("rb") as file:
        for share in shares:
            audit.bulk.add(share.alike)
            for packets, found in zip(packed.shares, share.tickets, strict=True):
                packets += [(before, packet) for packet in found]
            for number, place in zip(share.numbers, share.places, strict=True):
                audit.read_line(before + number, line_at(file, place))
            before += share.lines
    audit.packed = packed if any(packed.shares) else None


def told_in_shares(audit: Replay, processes: int, tell: Callable[[Iterable[Fact], World], T]) -> Iterator[T]:
    """What each share of the current facts is told as, by the process that derived them. The audit itself can be asked
    nothing more."""
    if audit.has_tickets:
        with _started(processes, audit) as pool:
            accounts = pool.each(partial(_of_accounts, processes, tell))
            audit.packed = None
            audit.settle(lambda event: not isinstance(event, TicketEvent))
            for found in accounts:
                audit.world.newest_ticket = found.newest
                audit.dead_letters += found.dead_letters
                audit.chain.tell([*_loaded(found.claims)])
                yield found.told
    else:
        audit.settle(lambda _: True)
    with _started(processes, audit) as pool:
        yield from pool.each(partial(_of_locations, processes, tell))


def facts_in_shares(audit: Replay, processes: int) -> Iterator[Fact]:
    """Every current fact, in no order, likewise."""
    for saved in told_in_shares(audit, processes, _saved):
        yield from _loaded(saved)


def derived_in_shares(audit: Replay, processes: int) -> Iterator[Fact]:
    """The facts of locations alone: of these, any that are few can then be derived here, too."""
    with _started(processes, audit) as pool:
        for saved in pool.each(partial(_of_locations, processes, _saved)):
            yield from _loaded(saved)


class _Processes(NamedTuple):
    """One for each share."""

    pool: ProcessPoolExecutor
    hands: list[Hands]

    def each(self, find: Callable[[int], T]) -> Iterator[T]:
        """What is found of each share by its number: from now on, of all at once. To be asked once."""
        try:
            found = [self.pool.submit(_hand_on, find, share) for share in range(len(self.hands))]
        except (OSError, RuntimeError) as error:
            raise _not_started(len(self.hands), error) from None
        return self._taken(found)

    def _taken(self, found: Sequence[Future[None]]) -> Iterator[Any]:
        for hands, one in zip(self.hands, found, strict=True):
            try:
                one.result()
            except BrokenBarrierError:  # it waited for another, which says why that did not come
                errors = [error for each in found if (error := each.exception()) is not None]
                raise next((each for each in errors if not isinstance(each, BrokenBarrierError)), errors[0]) from None
            yield hands.take()


@contextmanager
def _started(processes: int, audit: Replay) -> Iterator[_Processes]:
    """Processes that see all of an audit as it is now. Raises UnreadableError where one of them is killed."""
    try:
        inherited = _Inherited(audit, _Meeting(processes), [Hands() for _ in range(processes)])
    except OSError as error:
        raise _not_started(processes, error) from None
    try:
        with ProcessPoolExecutor(processes, get_context("fork"), _begin, inherited) as pool:
            yield _Processes(pool, inherited.hands)
    except BrokenProcessPool:
        raise UnreadableError(f"one of {processes} processes was killed: see that there is memory for them") from None
    finally:
        for waiting in active_children():  # some are left where not all could be started
            waiting.kill()


def _not_started(processes: int, error: Exception) -> UnreadableError:
    return UnreadableError(f"{processes} processes cannot be started: {getattr(error, 'strerror', None) or error}")


class _Meeting:
    """Where processes wait until each of them has come once."""

    def __init__(self, processes: int) -> None:
        context = get_context("fork")
        self._newest = context.Value("q", ALWAYS)
        self._door = context.Barrier(processes)

    def newest(self, instant: int | None) -> int | None:
        """The newest instant that one of them has."""
        with self._newest.get_lock():
            self._newest.value = max(self._newest.value, ALWAYS if instant is None else instant)
        self._door.wait()
        return None if self._newest.value == ALWAYS else self._newest.value

    def cancel(self) -> None:
        """One will not come: whoever waits, now or later, ends with an error."""
        self._door.abort()


class _Inherited(NamedTuple):
    """The audit as it was when the processes began, where they meet, and what each hands on its share with."""

    audit: Replay
    meeting: _Meeting
    hands: list[Hands]


_inherited: list[_Inherited] = []
"""In one of the processes."""


def _begin(*inherited: Any) -> None:
    gc.disable()  # this process ends with its share, and all it takes in is handed on
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who is interrupted says so once
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    _inherited.append(_Inherited(*inherited))


def _end_with(parent: Any) -> None:
    """Nobody waits any more for what this process finds."""
    parent.join()
    os._exit(1)


def _hand_on(find: Callable[[int], Any], share: int) -> None:
    found = find(share)
    try:
        _inherited[0].hands[share].give(found)
    except OSError as error:
        raise UnreadableError(f"no room for what a process found: {error.strerror or error}") from None


Saved = tuple[type[Fact], bytes]
"""Facts of one kind on their way from one process to another: pickling them takes five times as long."""


def _saved(facts: Iterable[Fact], _: World) -> list[Saved]:
    by_kind: dict[type[Fact], list[Fact]] = {}
    for fact in facts:
        by_kind.setdefault(type(fact), []).append(fact)
    return [(kind, msgspec.msgpack.encode(of_kind)) for kind, of_kind in by_kind.items()]


def _loaded(saved: Iterable[Saved]) -> Iterator[Fact]:
    return (fact for kind, of_kind in saved for fact in kind.load(of_kind))


class OfAccounts(NamedTuple, Generic[T]):
    """What a process found of its share of the accounts."""

    newest: int | None
    """The newest instant of any ticket, of all shares."""
    dead_letters: list[DeadLetter]
    """Those of its own tickets."""
    claims: list[Saved]
    """What locations are to be told."""
    told: T
    """What is told of the rest."""


def _of_accounts(processes: int, tell: Callable[[Iterable[Fact], World], T], share: int) -> OfAccounts[T]:
    audit, meeting, _ = _inherited[0]
    before = len(audit.dead_letters)
    try:
        audit.unpack(share)
        audit.settle(lambda event: isinstance(event, TicketEvent) and share_of(event.account_id, processes) == share)
    except BaseException:
        meeting.cancel()
        raise
    newest = audit.world.newest_ticket = meeting.newest(audit.world.newest_ticket)
    said = [*audit.derived_desk()]
    claims = _saved((fact for fact in said if isinstance(fact, Claim)), audit.world)
    told = tell(audit.chain.tell(said), audit.world)
    return OfAccounts(newest, audit.dead_letters[before:], claims, told)


def _of_locations(processes: int, tell: Callable[[Iterable[Fact], World], T], share: int) -> T:
    audit = _inherited[0].audit
    facts = audit.derived(lambda place: audit.concerns(place) and share_of(place, processes) == share)
    return tell(facts, audit.world)


def _read(path: Path, edges: Sequence[int], bulk: Bulk, share: int) -> Share:
    """The lines that begin between a share's edges."""
    audit, tickets = _inherited[0].audit, Packing(len(edges) - 1)
    numbers, places = array("q"), array("q")
    with path.open("rb") as file:
        lines = _Lines(file, edges[share], edges[share + 1])
        for number, raw, ticket in bulk.others(lines):
            if ticket is not None and audit.is_plain(ticket, raw):
                tickets.add(number, lines.place, ticket)
            else:
                numbers.append(number)
                places.append(lines.place)
    return Share(lines.count, bulk.taken(), tickets.packets(), numbers, places)


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
            at += skip_line(self._file) - 1
        for line in iter(partial(self._file.readline, LINE_BYTES), b""):
            if at >= self._end:
                return
            self.place = at
            self.count += 1
            at += len(line)
            if is_too_long(line):
                at += skip_line(self._file)
                line += NEVER_JSON
            yield line
        if at < self._end:
            raise UnreadableError(f"{self._file.name}: it became shorter while it was read")
