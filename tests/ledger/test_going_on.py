"""A process that goes on from the saved state knows what the one before it had in memory. And what a batch minds beside
what is new in it."""

import pytest

from schemas.facts import ClaimAnswer, Fact, TicketResponse
from tests.core import lines
from tests.core.cases import book_of
from tests.laws.strategies import CLOSES, DAY, EARLY, EDGE, HOUR, MINUTE, SHORT_TIERS
from tests.ledger.upgrade import CLAIM, SHORT, Story, claim

INCIDENT = lines.ticket("T2", CLOSES - MINUTE, "created", ticket_type="incident", priority="urgent")
DEADLINE = EDGE + 31 * DAY


def outcomes(said: list[Fact]) -> list[str]:
    return [fact.outcome for fact in said if isinstance(fact, TicketResponse)]


def answers(said: list[Fact]) -> list[tuple[str, bool]]:
    return [(fact.answer, fact.retracted) for fact in said if isinstance(fact, ClaimAnswer)]


def test_a_ticket_is_overdue_though_it_was_created_before_the_process_began() -> None:
    story = Story(book=SHORT, more=(INCIDENT,))
    assert outcomes(story.keeper.facts) == ["pending"]
    assert outcomes(story.pass_time(CLOSES + DAY)) == ["missed"]


def test_the_first_event_of_an_id_stays_though_another_process_read_it() -> None:
    story = Story(book=SHORT)
    assert story.hear(claim(channel="email")) == []
    assert [letter.reason for letter in story.keeper.letters] == ["conflict"]
    assert story.hear(CLAIM) == []
    assert len(story.keeper.letters) == 1


def test_of_two_months_of_one_version_the_later_counts() -> None:
    story = Story(book=SHORT)
    story.correct(minutes=2, newer=0)
    assert (story.credit.credit_days, [entry.days for entry in story.chain]) == (1, [4, -3])
    story.correct(minutes=9, newer=-1)
    assert story.credit.credit_days == 1


def test_what_a_claim_was_told_under_its_account_is_taken_back_before_it_is_answered_at_its_location() -> None:
    """Both have one version and one name: the later of them counts. The location is heard of first."""
    story = Story(book=SHORT, more=(claim(location_id=None),))
    assert answers(story.keeper.facts) == [("incomplete", False)]
    said = story.hear(
        lines.record("location", "l1", EARLY, CLOSES, account_id="acme", sla_from="2026-01-01T00:00:00.000Z"),
        lines.ticket("T1", EDGE + 3 * HOUR, "note_added", actor="agent", location_id="l1"),
    )
    assert answers(said) == [("incomplete", True), ("accepted", False)]


@pytest.mark.parametrize("another_process", [False, True])
def test_what_time_had_decided_is_open_again_when_a_partition_is_heard_of_that_is_behind(another_process: bool) -> None:
    story = Story(book=SHORT, more=(INCIDENT,))
    assert outcomes(story.pass_time(DEADLINE)) == ["missed"]
    assert story.credit.state == "expired"
    if another_process:
        story.start_by(SHORT)
    assert outcomes(story.pass_time(CLOSES, partition=1)) == ["pending"]
    assert story.credit.state == "eligible"


PLAIN = {"credits.tiers": SHORT_TIERS}
GOLD = {**PLAIN, "series": "gold", "response.ticket_types": ["complaint"], "claims.window_days": 1}
SERIES = book_of({"terms": [PLAIN, GOLD]})


def under_gold(account_id: str) -> bytes:
    return lines.record("account", account_id, EARLY, CLOSES, terms="gold")


def test_an_account_that_comes_under_other_terms_has_its_tickets_judged_by_them() -> None:
    story = Story(book=SERIES, more=(INCIDENT,), before=SERIES)
    said = story.hear(under_gold("acme"))
    assert [fact.counted for fact in said if isinstance(fact, TicketResponse)] == ["other_type"]


@pytest.mark.parametrize("before", [True, False])
def test_and_its_claims_wherever_it_has_made_them(before: bool) -> None:
    """Another account has the location. It was claimed before the process began, or since."""
    made, fields = EDGE + 3 * DAY, {"ticket_type": "credit_claim", "location_id": "l1", "month": "2026-03"}
    of_beta = lines.ticket("T3", made, "created", account_id="beta", **fields)
    story = Story(book=SERIES, more=(of_beta,) if before else (), before=SERIES)
    if not before:
        story.hear(of_beta)
    assert answers(story.keeper.facts) == [("not_yours", False)]
    assert answers(story.hear(under_gold("beta"))) == [("too_late", False)]
