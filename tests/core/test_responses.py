"""What follows from tickets, as the case tables in `tests/cases/responses` say."""

from typing import Any

import pytest

from schemas.facts import Fact, ResponseMonth, TicketResponse
from schemas.times import render
from tests.core.cases import RESPONSES, Case, cases, instant
from tests.core.test_histories import current, replayed

CASES = [pytest.param(case, id=name) for name, case in cases(RESPONSES)]

INSTANTS = ("created_at", "due_at", "responded_at", "missed_at", "closed_at")


def responses(facts: list[Fact]) -> dict[str, TicketResponse]:
    return {fact.ticket_id: fact for fact in facts if isinstance(fact, TicketResponse)}


def said_of(text: str) -> dict[str, Any]:
    """What a line of `responses` expects, by the names of the fact's fields."""
    ticket_id, priority, window, due_at, outcome, *more = text.split()
    said = {"ticket_id": ticket_id, "priority": priority, "window": window, "due_at": due_at, "outcome": outcome}
    said |= dict(word.split("=") for word in more)
    return {name: _instant(value) if name in INSTANTS else value for name, value in said.items()}


def _instant(text: str) -> str | None:
    return None if text == "null" else render(instant(text))


def rows(facts: list[Fact], account_id: str = "acme") -> dict[str, ResponseMonth]:
    months = [fact for fact in facts if isinstance(fact, ResponseMonth) and fact.account_id == account_id]
    return {f"{fact.month} {fact.priority} {fact.window}": fact for fact in months}


def counts(row: ResponseMonth) -> str:
    return f"{row.total} {row.met} {row.missed} {row.pending} {row.verdict}"


def apart(rows: dict[str, ResponseMonth]) -> set[str]:
    return {
        f"{name} {each.ticket_type} {each.total} {each.met} {each.missed} {each.pending}"
        for name, row in rows.items()
        for each in row.apart
    }


@pytest.mark.parametrize("case", CASES)
def test_tickets_have_the_responses_that_their_case_says(case: Case) -> None:
    facts, replay = replayed(case)
    assert not replay.dead_letters
    if "responses" in case:
        told = {ticket_id: fact.current() for ticket_id, fact in responses(facts).items()}
        expected = {each["ticket_id"]: each for each in map(said_of, case["responses"])}
        assert {
            ticket_id: {name: fact[name] for name in expected.get(ticket_id, fact)} for ticket_id, fact in told.items()
        } == expected
    found = rows(facts)
    for text in case.get("monthly", ()):
        month, priority, window, expected_counts = text.split(" ", 3)
        assert counts(found[f"{month} {priority} {window}"]) == expected_counts, text
    assert not found.keys() & set(case.get("no_monthly", ()))
    assert set(case.get("apart", ())) <= apart(found)


@pytest.mark.parametrize("case", CASES)
def test_tickets_told_backwards_and_twice_have_the_same_responses(case: Case) -> None:
    facts, _ = replayed(case)
    again, _ = replayed(case, backwards=True, twice=True)
    assert current(again) == current(facts)


def test_a_case_names_the_sentence_it_holds() -> None:
    assert not [name for name, case in cases(RESPONSES) if not case.get("sentence")]
