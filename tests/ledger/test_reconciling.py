"""The ledger under other terms than those its state was derived by: no money moves until somebody has looked, what is
final stays, and what is written then has its reason."""

from typing import Any

import pytest

from schemas import times
from schemas.facts import BillingCredit, ClaimAnswer, Credit, Fact
from schemas.terms.book import Book
from schemas.wire import parse_line
from streams.folds.billing import is_whole
from streams.ledger.books import Books
from tests.core import lines
from tests.core.cases import book_of
from tests.laws.strategies import BOOKS, CLOSES, DAY, EARLY, EDGE, FINAL, HOUR, MINUTE, START, Recording
from tests.ledger.kept import Keeper, Logs, chains, logs_of

GENEROUS = book_of({"terms": [{"credits.tiers": [{"minutes": 1, "days": 3}, {"minutes": 30, "days": 9}]}]})
MARCH = ("acme", "l1", "2026-03")


def recording(book: Book, until: int = CLOSES) -> Recording:
    """Down for nine minutes of March, four days by the short tiers, and claimed."""
    said = [
        lines.record("location", "l1", EARLY, account_id="acme", sla_from=times.render(EARLY)),
        lines.sample("l1", "a", START, "up", "changes"),
        lines.sample("l1", "a", START + MINUTE, "down", "changes"),
        lines.sample("l1", "a", START + 10 * MINUTE, "up", "changes"),
        lines.ticket(
            "T1",
            EDGE + 2 * HOUR,
            "created",
            ticket_type="credit_claim",
            location_id="l1",
            month="2026-03",
            channel="web",
        ),
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
    """A ledger that has written what followed by the short tiers, and goes on by others."""

    def __init__(self, until: int = CLOSES) -> None:
        history = recording(BOOKS[0], until)
        self.logs = logs_of(history, history.accepted())
        self.keeper = Keeper(history)
        self._run(self.keeper.begin(self.logs))
        self.start_by(GENEROUS)

    def start_by(self, book: Book) -> None:
        """Another process goes on from what was saved."""
        self.keeper._recording = recording(book)
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
        """What follows from more of the registry."""
        for line in written:
            event = self._append(self.logs, line)
            self.books.register(event)
        return self.settle()

    @staticmethod
    def _append(logs: Logs, written: bytes) -> Any:
        line = parse_line(written)
        logs.append("registry", line.key.decode(), line.value)  # type: ignore[union-attr,arg-type]
        return logs.messages[-1]

    @property
    def chain(self) -> list[BillingCredit]:
        return chains(self.keeper.facts)[MARCH]


def test_other_terms_alone_move_no_money() -> None:
    story = Story()
    assert [(entry.days, entry.reason) for entry in story.chain] == [(4, "claimed by ticket T1")]
    assert story.settle() == []


def test_what_somebody_looked_at_is_said_and_written_with_its_reason() -> None:
    story = Story()
    said = story.hear(reconciliation(1, entries=1, days=3))
    (credit,) = [fact for fact in said if isinstance(fact, Credit)]
    assert (credit.credit_days, credit.state) == (3, "issued")
    assert [(entry.days, entry.reason) for entry in story.chain[1:]] == [
        (-1, "the month was corrected; reconciled by ann: the tiers were wrong (reconciliation r1)")
    ]
    assert is_whole(story.chain)


def test_the_reason_is_of_no_entry_after_the_days_were_reached() -> None:
    story = Story()
    story.hear(reconciliation(1, entries=1, days=3))
    story.start_by(BOOKS[0])
    story.hear(lines.record("account", "acme", EARLY, CLOSES + HOUR, terms="standard"))
    assert [(entry.days, entry.reason) for entry in story.chain[2:]] == [(1, "the month was corrected")]


@pytest.mark.parametrize("asks", [1, 3])
def test_what_is_held_to_have_been_said_is_said_again_and_no_entry_is(asks: int) -> None:
    story = Story()
    story.start_by(BOOKS[0])
    before = next(fact for fact in reversed(story.keeper.facts) if isinstance(fact, Credit))
    for number in range(asks):
        (again,) = story.hear(reconciliation(number, entries=1, days=4))
        assert again.says(before)
        assert again.version > before.version
    assert len(story.chain) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_of_several_each_has_its_facts_said_again(at_once: bool) -> None:
    story = Story()
    story.start_by(BOOKS[0])
    asked = [
        reconciliation(1, entries=1, days=4, facts=("credits",)),
        reconciliation(2, entries=1, days=4, facts=("claim-answers",)),
        reconciliation(3, entries=1, days=4, recorded=FINAL + HOUR),
    ]
    said = story.hear(*asked) if at_once else [fact for line in asked for fact in story.hear(line)]
    assert [type(fact) for fact in said] == [Credit, ClaimAnswer]


def test_a_reconciliation_is_heard_once_though_the_registry_is_read_at_every_start() -> None:
    story = Story()
    story.hear(reconciliation(1, entries=1, days=3))
    story.start_by(GENEROUS)
    assert story.settle() == []


def test_one_that_came_while_no_ledger_ran_is_heard_when_it_starts() -> None:
    story = Story()
    story._append(story.logs, reconciliation(1, entries=1, days=3))
    story.start_by(GENEROUS)
    story.settle()
    assert [entry.days for entry in story.chain] == [4, -1]


def test_what_is_final_stays_whatever_is_asked() -> None:
    story = Story(until=FINAL + DAY)
    assert story.hear(reconciliation(1, entries=1, days=3, recorded=FINAL + HOUR)) == []
    assert [entry.days for entry in story.chain] == [4]


@pytest.mark.parametrize(("recorded", "days"), [(CLOSES + HOUR, [4, -1]), (FINAL, [4])])
def test_of_an_account_counts_what_was_recorded_in_time_however_late_it_is_read(recorded: int, days: list[int]) -> None:
    """The months that decide told by it may have been read before."""
    story = Story(until=FINAL + DAY)
    story.hear(lines.record("account", "acme", EARLY, recorded, terms="standard"))
    assert [entry.days for entry in story.chain] == days
