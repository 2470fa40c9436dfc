"""What is over for good is dropped, and what is left goes on as if nothing had been."""

from typing import Any

import msgspec

from schemas import times
from schemas.derivation import DAY_MS, Derivation
from schemas.events import Heartbeat, TicketEvent
from schemas.facts import Fact, Progress, ResponseMonth, TicketResponse
from schemas.terms.book import read_book
from schemas.wire import parse_line
from streams.folds.world import World
from streams.ledger.books import Batch, Books, Message
from streams.ledger.transactions import encode
from tests.core import lines
from tests.laws.runs import current

MARCH, JULY, OCTOBER = (times.parse(f"2026-{month}-10T18:00:00Z") for month in ("03", "07", "10"))


class Desk:
    """Books that are told tickets and the time."""

    def __init__(self, saved: dict[bytes, bytes] | None = None) -> None:
        self.books = Books(World(read_book(), Derivation()))
        self.saved: dict[bytes, bytes] = dict(saved or {})
        self.said: list[Fact] = []
        self._offset = 1000 * len(self.saved)
        for key, value in self.saved.items():
            self.books.restore(key, value)
        self.books.begin()

    def ticket(self, ticket_id: str, at: int, event_type: str, **fields: Any) -> None:
        line = parse_line(lines.ticket(ticket_id, at, event_type, received_at=times.render(at), **fields))
        self._take(TicketEvent.TOPIC, line.key, line.value or b"")  # type: ignore[union-attr]

    def time(self, at: int) -> None:
        progress = Progress(topic=Heartbeat.TOPIC, partition=0, through=at, first=MARCH, version=1)
        self._take(progress.TOPIC, None, encode(progress.written()))

    def forget(self) -> Batch:
        batch = self.books.forget()
        self._keep(batch)
        self._keep(self.books.settle())
        return batch

    def _take(self, topic: str, key: bytes | None, value: bytes) -> None:
        self._offset += 1
        self.books.take(Message(topic, 0, self._offset, key, value, (), 0))
        self._keep(self.books.settle())

    def _keep(self, batch: Batch) -> None:
        self.said += batch.facts
        for key, value in (*batch.records.items(), self.books.position()):
            self.saved.pop(key, None)
            if value is not None:
                self.saved[key] = value


def told() -> Desk:
    """Tickets of March, which is final in October, and of July, which is not."""
    desk = Desk()
    desk.ticket("old", MARCH, "created", ticket_type="incident", priority="urgent")
    desk.ticket("joined", MARCH + DAY_MS, "created", ticket_type="incident", priority="urgent")
    desk.ticket("new", JULY, "created", ticket_type="incident", priority="urgent")
    desk.time(OCTOBER)
    return desk


def kinds(saved: dict[bytes, bytes]) -> list[list[str]]:
    return sorted(msgspec.json.decode(key) for key in saved)


def test_tickets_of_months_that_are_final_are_dropped() -> None:
    desk = told()
    desk.forget()
    assert kinds(desk.saved) == [["account", "acme"], ["position"], ["ticket", "acme", "new"]]
    assert not desk.forget()


def test_nothing_is_said_when_they_are() -> None:
    desk = told()
    before = len(desk.said)
    desk.forget()
    assert len(desk.said) == before
    assert not Desk(desk.saved).books.settle().facts


def test_a_month_stays_as_long_as_a_ticket_needs_it() -> None:
    desk = told()
    desk.ticket("new", OCTOBER, "merged", merged_into="old", actor="agent")
    desk.forget()
    assert ["ticket", "acme", "joined"] in kinds(desk.saved), "the month is told by all of its tickets"


def test_what_is_left_goes_on_as_if_nothing_had_been() -> None:
    whole, pruned = told(), told()
    pruned.forget()
    again = Desk(pruned.saved)
    for desk in (whole, pruned, again):
        desk.ticket("newer", OCTOBER, "created", ticket_type="incident", priority="urgent")
        desk.ticket("newer", OCTOBER + 60_000, "responded", actor="agent", is_public=True)
        desk.time(OCTOBER + DAY_MS)
    assert current(whole.said) == current(pruned.said)
    told_again = current(again.said)
    assert told_again == {name: current(whole.said)[name] for name in told_again}
    assert {name[0] for name in told_again} == {TicketResponse.TOPIC, ResponseMonth.TOPIC}
