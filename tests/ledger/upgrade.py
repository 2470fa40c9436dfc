"""A ledger that wrote what followed by some terms, and another process that goes on from there by others."""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas import times
from schemas.events import Heartbeat, RegistryRecord, TicketEvent
from schemas.facts import Availability, BillingCredit, Credit, Fact, Progress
from schemas.terms.book import Book
from schemas.wire import Rejected, decode, encode_event, parse_line
from streams.ledger.books import Books
from streams.ledger.transactions import encode
from tests.core import lines
from tests.core.cases import book_of
from tests.laws.strategies import BOOKS, CLOSES, EARLY, EDGE, HOUR, MINUTE, START, Recording
from tests.ledger.kept import Keeper, chains, logs_of

SHORT = BOOKS[0]
GENEROUS = book_of({"terms": [{"credits.tiers": [{"minutes": 1, "days": 3}, {"minutes": 30, "days": 9}]}]})
HARSH = book_of({"terms": [{"credits.tiers": [{"minutes": 30, "days": 9}]}]})
MARCH = ("acme", "l1", "2026-03")


def claim(**fields: Any) -> bytes:
    """For March, in time, unless the fields say otherwise."""
    said = {"ticket_type": "credit_claim", "location_id": "l1", "month": "2026-03", "channel": "web"} | fields
    given = {name: value for name, value in said.items() if value is not None}
    return lines.ticket("T1", EDGE + 2 * HOUR, "created", **given)


CLAIM = claim()


def recording(book: Book, until: int = CLOSES, more: Sequence[bytes] = (CLAIM,)) -> Recording:
    """Down for nine minutes of March: four days by the short tiers, three by the generous ones, none by the harsh."""
    said = [
        lines.record("location", "l1", EARLY, account_id="acme", sla_from=times.render(EARLY)),
        lines.sample("l1", "a", START, "up", "changes"),
        lines.sample("l1", "a", START + MINUTE, "down", "changes"),
        lines.sample("l1", "a", START + 10 * MINUTE, "up", "changes"),
        *more,
        lines.tick("clock", until),
    ]
    return Recording(book, tuple(said), partitioned=False)


def reconciliation(
    number: int,
    entries: int,
    days: int,
    recorded: int = CLOSES + HOUR,
    facts: tuple[str, ...] = ("billing-credits", "credits"),
) -> bytes:
    month = {"account_id": "acme", "month": "2026-03", "known": [], "entries": entries, "days": days}
    said: dict[str, Any] = {"facts": facts, "months": [month], "reason": "the tiers were wrong", "author": "ann"}
    return lines.record("reconciliation", f"r{number}", START, recorded, location_id="l1", **said)


class Story:
    """What was followed by the terms `before` until an instant; then another process goes on by others."""

    def __init__(
        self, until: int = CLOSES, book: Book = GENEROUS, more: Sequence[bytes] = (CLAIM,), before: Book = SHORT
    ) -> None:
        history = recording(before, until, more)
        self.logs = logs_of(history, history.accepted())
        self.keeper = Keeper(history)
        self._run(self.keeper.begin(self.logs))
        self.start_by(book)

    def start_by(self, book: Book) -> None:
        """Another process goes on from what was saved."""
        self.keeper.book = book
        self.books = self.keeper.begin(self.logs)

    def _run(self, books: Books) -> None:
        for message in self.logs.messages:
            if message.topic != "registry":
                books.take(message)
        self.keeper.commit(books.settle(), books)

    def settle(self) -> list[Fact]:
        batch = self.books.settle()
        self.keeper.commit(batch, self.books)
        return batch.facts

    def hear(self, *written: bytes) -> list[Fact]:
        """What follows from more of the registry, or of tickets."""
        for line in written:
            self.say(line)
            self._take()
        return self.settle()

    def say(self, written: bytes) -> None:
        """It stands in its topic, and nobody has read it."""
        line = parse_line(written)
        assert not isinstance(line, Rejected)
        event = decode(line.topic, line.value, key=line.key)
        assert isinstance(event, RegistryRecord | TicketEvent)
        self.logs.append(event.TOPIC, event.key, encode_event(event), event.dated or 0)

    def tell(self, fact: Fact) -> list[Fact]:
        """What follows when decide says this."""
        self.logs.append(fact.TOPIC, fact.key, encode(fact.written()))
        self._take()
        return self.settle()

    def pass_time(self, at: int, partition: int = 0) -> list[Fact]:
        """What follows when a partition of the heartbeats was followed so far."""
        progress = Progress(topic=Heartbeat.TOPIC, partition=partition, through=at, first=START, version=at)
        return self.tell(progress)

    def _take(self) -> None:
        message = self.logs.messages[-1]
        if message.topic == "registry":
            self.books.register(message)
        else:
            self.books.take(message)

    @property
    def month(self) -> Availability:
        """What decide said last of March."""
        said = (message for message in reversed(self.logs.messages) if message.topic == Availability.TOPIC)
        months = (Availability.read(msgspec.json.decode(message.value or b"")) for message in said)
        return next(month for month in months if month.identity == MARCH)

    def correct(self, minutes: int, newer: int = 1) -> list[Fact]:
        """What follows when decide says another downtime of March."""
        known = self.month
        return self.tell(msgspec.structs.replace(known, down_ms=minutes * MINUTE, version=known.version + newer))

    @property
    def chain(self) -> list[BillingCredit]:
        return chains(self.keeper.facts)[MARCH]

    @property
    def credit(self) -> Credit:
        """What was said last of March's."""
        return next(fact for fact in reversed(self.keeper.facts) if isinstance(fact, Credit))
