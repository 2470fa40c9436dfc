"""What every key shares: terms, settings, the registry and each partition's time (semantics §7: broadcasts)."""

from collections.abc import Callable, Iterable

from schemas.derivation import Derivation
from schemas.terms.book import Book
from schemas.terms.model import Terms
from streams.calendars import ALWAYS, LAST_YEAR, Calendar, calendar
from streams.engine import FOREVER, Partition
from streams.folds.clock import Clock, Gap
from streams.folds.registry import Registry


class World:
    """The broadcasts, as far as they have been read."""

    def __init__(self, book: Book, derivation: Derivation) -> None:
        self.book = book
        self.derivation = derivation
        self.standard = calendar(book)
        self.registry = Registry(self.open_since)
        self.clocks: dict[Partition, Clock] = {None: Clock(derivation.blind_after_ms)}
        self.partition_of: Callable[[str], Partition] = lambda _: None
        """Where a location belongs of which nothing but its registration is known."""
        self.newest_ticket: int | None = None
        """The newest instant that an event of a ticket is dated."""
        self._settings: dict[tuple[str, ...], dict[str, int]] = {}
        self._only_terms = book.files[0] if len(book.files) == 1 else None

    def settings(self, names: tuple[str, ...]) -> dict[str, int]:
        """The settings that a kind of fact depends on: one value for all facts, of which there are millions."""
        if names not in self._settings:
            self._settings[names] = {name: getattr(self.derivation, name) for name in names}
        return self._settings[names]

    def open_since(self, recorded_at: int) -> int:
        """The first instant that something recorded then may still change: its month was not yet final."""
        open_at = recorded_at - self.derivation.correction_horizon_ms
        try:
            return self.standard.start_of_month(open_at)
        except ValueError:  # no contract month holds it: long before the first, or after the last
            return ALWAYS if open_at < 0 else self.standard.month(f"{LAST_YEAR}-12").end

    def clock(self, partition: Partition) -> Clock:
        """The time of a partition. A new one has heard the ticks that were addressed to none."""
        clock = self.clocks.get(partition)
        if clock is None:
            clock = self.clocks[partition] = self.clocks[None].copy()
            clock.newest_event = None
        return clock

    def time(self, partition: Partition) -> int | None:
        """Stream time of a partition (semantics §3)."""
        return self.clock(partition).time

    def tick(self, partition: Partition, collector_id: str, at: int) -> list[Gap]:
        """A tick reaches its partition, or every one if it names none; the blind time that changed because of it."""
        heard: Iterable[Clock] = self.clocks.values() if partition is None else (self.clock(partition),)
        return [gap for clock in heard for gap in clock.tick(collector_id, at)]

    def settled_until(self, location_id: str, instant: int) -> int:
        """Until when the terms that judge a location at an instant stay the same: at most the end of its month."""
        account_id, until = None, FOREVER
        for since, owner in self.registry.accounts(location_id):
            if since > instant:
                until = since
                break
            account_id = owner
        try:
            return min(until, self.account_calendar(account_id).month_at(instant).end)
        except ValueError:
            return instant

    @property
    def slowest(self) -> int | None:
        """The time that every partition has reached; None before any has a time."""
        return min((clock.time for clock in self.clocks.values() if clock.time is not None), default=None)

    @property
    def desk_time(self) -> int | None:
        """The time by which tickets are judged: that which every partition has reached. Where none has any, as in a
        file of tickets alone, the tickets bring it."""
        slowest = self.slowest
        return self.newest_ticket if slowest is None else slowest

    def heard_ticket(self, at: int) -> None:
        if self.newest_ticket is None or at > self.newest_ticket:
            self.newest_ticket = at

    def account_calendar(self, account_id: str | None) -> Calendar:
        return calendar(self.book, self.registry.series_history(account_id))

    def terms_in_force(self, location_id: str, start: int, end: int) -> list[tuple[int, Terms]]:
        """The terms that judge a location in ``[start, end]``, each from when on; the first reaches back without end.

        They are those of the account whose the location is; without one, the standard series.
        """
        if self._only_terms is not None:
            return [(ALWAYS, self._only_terms)]
        accounts = [(ALWAYS, None), *self.registry.accounts(location_id)]
        turns = [(since, self.account_calendar(account_id)) for since, account_id in accounts]
        ends = [since for since, _ in turns[1:]] + [end + 1]
        in_force: list[tuple[int, Terms]] = []
        for (since, months), until in zip(turns, ends, strict=True):
            first, last = max(since, start), min(until, end + 1)
            for month in months.months(first, last) if first < last else ():
                in_force.append((max(month.start, first), month.terms))
        in_force[0] = (ALWAYS, in_force[0][1])
        return [turn for at, turn in enumerate(in_force) if at == 0 or turn[1] is not in_force[at - 1][1]]
