"""What is final in the ledger stays as it was said, by whatever folds and terms it is asked about: only time, and what
is heard of it, change it."""

from typing import Any

import pytest

from schemas.facts import BillingCredit, ClaimAnswer, Credit
from schemas.terms.book import Book
from tests.core import lines
from tests.core.cases import book_of
from tests.laws.runs import batch
from tests.laws.strategies import CLOSES, DAY, EARLY, EDGE, FINAL, HOUR, SHORT_TIERS
from tests.ledger.kept import keeps_its_rules
from tests.ledger.upgrade import CLAIM, GENEROUS, HARSH, MARCH, SHORT, Story, claim, reconciliation, recording

DEADLINE = EDGE + 31 * DAY
"""Of March: long after it is final here."""
BY_LETTER = book_of({"terms": [{"credits.tiers": SHORT_TIERS, "claims.written_channels": ["letter"]}]})
"""By which nobody has claimed in writing."""


def says(credit: Credit) -> tuple[str, int]:
    return credit.state, credit.credit_days


def replayed(book: Book, *later: bytes, until: int, more: tuple[bytes, ...]) -> dict[str, dict[str, Any]]:
    """What a replay of the whole says of March, by topic."""
    steps = recording(book, until, more)
    found, _ = batch(steps, steps._replace(lines=(*steps.lines, *later)).accepted())
    return {topic: fact for (topic, *_), fact in found.items() if fact.get("month") == MARCH[2]}


def test_what_is_final_stays_whatever_is_asked() -> None:
    story = Story(until=FINAL + DAY)
    assert story.hear(reconciliation(1, entries=1, days=3, recorded=FINAL + HOUR)) == []
    assert [entry.days for entry in story.chain] == [4]


@pytest.mark.parametrize(
    ("recorded", "days"),
    [((CLOSES + HOUR,), [4, -1]), ((FINAL,), [4]), ((CLOSES, FINAL), [4, -1]), ((FINAL, CLOSES), [4, -1])],
)
def test_of_an_account_counts_what_was_recorded_in_time_however_late_it_is_read(
    recorded: tuple[int, ...], days: list[int]
) -> None:
    """The months that decide told by it may have been read before. Of what is heard at once, too."""
    story = Story(until=FINAL + DAY)
    story.hear(*(lines.record("account", "acme", EARLY, at, terms="standard") for at in recorded))
    assert [entry.days for entry in story.chain] == days


@pytest.mark.parametrize("book", [SHORT, GENEROUS, HARSH])
def test_what_nobody_claimed_expires_when_it_was_said_to(book: Book) -> None:
    """Whatever would follow by now."""
    story = Story(until=FINAL + DAY, book=book, more=())
    assert story.hear(reconciliation(1, entries=0, days=0, recorded=FINAL + HOUR)) == []
    assert story.pass_time(DEADLINE - 1) == []
    assert says(story.credit) == ("eligible", 4)
    story.pass_time(DEADLINE)
    assert says(story.credit) == ("expired", 4)
    assert story.pass_time(DEADLINE + DAY) == []


def test_other_terms_take_no_claim_back() -> None:
    """Though the days are the same."""
    story = Story(until=FINAL + DAY, book=BY_LETTER)
    story.hear(reconciliation(1, entries=1, days=0, recorded=FINAL + HOUR))
    assert says(story.credit) == ("issued", 4)
    assert [entry.days for entry in story.chain] == [4]


def test_what_was_not_owed_when_it_became_final_is_not_owed_by_other_terms() -> None:
    """Neither where nothing was ever said, nor where it was taken back."""
    nothing, taken_back = Story(until=FINAL + DAY, before=HARSH), Story(book=HARSH, before=HARSH)
    taken_back.correct(minutes=40)
    taken_back.correct(minutes=9)
    assert says(taken_back.credit) == ("reversed", 0)
    taken_back.pass_time(FINAL + DAY)
    taken_back.start_by(GENEROUS)
    for story in (nothing, taken_back):
        said = story.hear(reconciliation(1, entries=0, days=3, recorded=FINAL + HOUR))
        assert [fact for fact in said if isinstance(fact, Credit | BillingCredit)] == []


def test_what_was_asked_for_in_time_is_what_a_replay_says_also_after_it_is_final() -> None:
    asked = reconciliation(1, entries=0, days=3)
    story = Story(more=())
    story.hear(asked)
    for at in (FINAL + DAY, DEADLINE - 1, DEADLINE):
        story.pass_time(at)
        derived = replayed(GENEROUS, asked, until=at, more=())
        assert story.credit.current() == derived[Credit.TOPIC]
    assert says(story.credit) == ("expired", 3)


def test_a_month_that_is_read_late_is_judged() -> None:
    """It was told in time, and this process is behind."""
    story = Story(until=FINAL + DAY)
    story.correct(minutes=8)
    assert says(story.credit) == ("issued", 3)


def test_a_claim_that_comes_is_judged() -> None:
    story = Story(until=FINAL + DAY, book=SHORT, more=())
    story.hear(claim())
    assert says(story.credit) == ("issued", 4)


OTHER_MONTH = lines.ticket("T1", EDGE + HOUR, "note_added", actor="customer", month="2026-04")
OTHER_PLACE = lines.ticket("T1", EDGE + HOUR, "note_added", actor="customer", location_id="l2")


@pytest.mark.parametrize("book", [SHORT, GENEROUS])
@pytest.mark.parametrize("note", [OTHER_MONTH, OTHER_PLACE])
def test_a_claim_that_proves_to_be_for_another_leaves_its_own_unclaimed(note: bytes, book: Book) -> None:
    """An event of its ticket that is dated before the others comes last: nobody has asked for this credit (CR-3), and
    what an account is owed does not depend on the order in which its events come (law 1)."""
    story = Story(until=FINAL + DAY, book=book)
    assert says(story.credit) == ("issued", 4)
    story.hear(note)
    derived = replayed(book, note, until=FINAL + DAY, more=(CLAIM,))
    assert story.credit.state == "eligible"
    assert story.credit.current() == derived[Credit.TOPIC]
    assert [(entry.type, entry.days) for entry in story.chain] == [("credit.issued", 4), ("credit.reversed", -4)]
    assert BillingCredit.TOPIC not in derived
    keeps_its_rules(story.keeper.facts, SHORT)


def test_a_claim_that_is_completed_comes_to_the_month_that_it_names() -> None:
    story = Story(until=FINAL + DAY, book=SHORT, more=(claim(month=None),))
    assert says(story.credit) == ("eligible", 4)
    story.hear(lines.ticket("T1", EDGE + 3 * HOUR, "note_added", actor="agent", month="2026-03"))
    assert says(story.credit) == ("issued", 4)
    answers = [fact.answer for fact in story.keeper.facts if isinstance(fact, ClaimAnswer)]
    assert answers == ["incomplete", "accepted"]


def test_what_is_read_at_every_start_is_heard_once() -> None:
    """The account's record was heard when it came."""
    story = Story(until=FINAL + DAY, more=(CLAIM, lines.record("account", "acme", EARLY)))
    assert story.settle() == []
    assert [entry.days for entry in story.chain] == [4]
