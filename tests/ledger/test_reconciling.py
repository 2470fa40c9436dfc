"""The ledger under other terms than those its state was derived by: no money moves until somebody has looked, and what
is written then has its reason."""

import pytest

from schemas.facts import ClaimAnswer, Credit
from streams.folds.billing import is_whole
from tests.core import lines
from tests.laws.strategies import CLOSES, EARLY, FINAL, HOUR
from tests.ledger.upgrade import GENEROUS, SHORT, Story, reconciliation


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
    story.start_by(SHORT)
    story.hear(lines.record("account", "acme", EARLY, CLOSES + HOUR, terms="standard"))
    assert [(entry.days, entry.reason) for entry in story.chain[2:]] == [(1, "the month was corrected")]


def test_days_that_a_chain_had_before_it_was_reconciled_are_not_those_that_were_asked_for() -> None:
    story = Story()
    story.hear(reconciliation(1, entries=1, days=3))
    story.start_by(SHORT)
    story.hear(reconciliation(2, entries=2, days=4, recorded=CLOSES + 2 * HOUR))
    (entry,) = story.chain[2:]
    assert (entry.days, "(reconciliation r2)" in entry.reason) == (1, True)


@pytest.mark.parametrize("asks", [1, 3])
def test_what_is_held_to_have_been_said_is_said_again_and_no_entry_is(asks: int) -> None:
    story = Story()
    story.start_by(SHORT)
    before = story.credit
    for number in range(asks):
        (again,) = story.hear(reconciliation(number, entries=1, days=4))
        assert again.says(before)
        assert again.version > before.version
    assert len(story.chain) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_of_several_each_has_its_facts_said_again(at_once: bool) -> None:
    story = Story()
    story.start_by(SHORT)
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
    story.say(reconciliation(1, entries=1, days=3))
    story.start_by(GENEROUS)
    story.settle()
    assert [entry.days for entry in story.chain] == [4, -1]
