"""What follows from a history, as the case tables in `tests/cases/histories` say."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.facts import (
    Availability,
    BillingCredit,
    ClaimAnswer,
    Credit,
    ExclusionProposal,
    Fact,
    LocationOutage,
    LocationState,
)
from schemas.times import render
from schemas.wire import parse_line
from streams.audit.replay import Replay
from tests.core.cases import Case, book_of, cases, instant, lines_of, settings_of

CASES = list(cases())


def replayed(
    case: Case, *, backwards: bool = False, twice: bool = False, partitions: int | None = None
) -> tuple[list[Fact], Replay]:
    replay = Replay(book_of(case), settings_of(case), partitions=partitions)
    lines = lines_of(case)
    ordered = lines[::-1] if backwards else lines
    replay.read(parse_line(line) for line in (ordered * 2 if twice else ordered))
    return list(replay.facts()), replay


def current(facts: list[Fact]) -> list[str]:
    return sorted(repr(fact.current()) for fact in facts)


def states(facts: list[Fact], location_id: str) -> list[str]:
    rows = [fact for fact in facts if isinstance(fact, LocationState) and fact.location_id == location_id]
    rows.sort(key=lambda row: row.from_)
    assert [row.to for row in rows] == [*(row.from_ for row in rows[1:]), None][: len(rows)], "states leave no gap"
    return [
        f"{render(row.from_)} {row.state} {row.devices_up} {row.devices_down} {row.devices_unknown}"
        + (f" silent {row.devices_silent}" if row.devices_silent else "")
        for row in rows
    ]


def outages(facts: list[Fact], location_id: str) -> list[str]:
    rows = [fact for fact in facts if isinstance(fact, LocationOutage) and fact.location_id == location_id]
    rows.sort(key=lambda outage: outage.started_at)
    return [
        f"{render(outage.started_at)} {'open' if outage.ended_at is None else render(outage.ended_at)} {outage.kind}"
        f" {outage.unknown_ms}" + ("" if outage.devices == 1 else f" devices {outage.devices}")
        for outage in rows
    ]


def proposals(facts: list[Fact], location_id: str) -> list[str]:
    rows = [fact for fact in facts if isinstance(fact, ExclusionProposal) and fact.location_id == location_id]
    rows.sort(key=lambda proposal: proposal.order)
    return [
        f"{render(proposal.from_)} {'open' if proposal.to is None else render(proposal.to)} {proposal.cause}"
        + "".join(f", {each.device_id} {render(each.at)}" for each in proposal.evidence)
        for proposal in rows
    ]


def proposed(text: str) -> str:
    """A line of a case about a proposal, with its instants whole."""
    outage, *evidence = text.split(", ")
    said = (each.split() for each in evidence)
    return ", ".join([spelled_out(outage, 2), *(f"{device} {render(instant(at))}" for device, at in said)])


def spelled_out(text: str, instants: int) -> str:
    """A line of a case with its first words, where they are times, as whole instants."""
    words = text.split()
    times = [word if word == "open" else render(instant(word)) for word in words[:instants]]
    return " ".join([*times, *words[instants:]])


def check_named(facts: list[Fact], kind: type[Fact], expected: list[dict[str, Any]]) -> None:
    """The facts of an account and month say what is expected of them, in the fields that are named."""
    found = {_named(fact): fact.current() for fact in facts if isinstance(fact, kind)}
    for fields in expected:
        fact = found[f"{fields['account_id']} {fields['month']}"]
        assert {name: _as_told(fact[name]) for name in fields} == {name: _as_expected(fields[name]) for name in fields}


def check_absent(facts: list[Fact], kind: type[Fact], names: list[str]) -> None:
    assert not set(names) & {_named(fact) for fact in facts if isinstance(fact, kind)}


def answers(facts: list[Fact]) -> list[str]:
    return sorted(f"{fact.ticket_id} {fact.answer}" for fact in facts if isinstance(fact, ClaimAnswer))


def billing(facts: list[Fact]) -> list[str]:
    return sorted(
        f"{entry.type} {entry.account_id} {entry.location_id} {entry.month} {entry.days}"
        + ("" if entry.applies_to == "future_payments" else f" {entry.applies_to}")
        for entry in facts
        if isinstance(entry, BillingCredit)
    )


def _named(fact: Any) -> str:
    return f"{fact.account_id} {fact.month}"


def _as_told(value: Any) -> Any:
    """TOML has neither null nor exact decimals."""
    return "null" if value is None else str(value) if isinstance(value, Decimal) else value


def _as_expected(value: Any) -> Any:
    return render(instant(value)) if isinstance(value, str) and value.endswith("Z") else value


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_a_history_says_what_its_case_says(case: Case) -> None:
    facts, replay = replayed(case)
    assert sorted(letter.reason for letter in replay.dead_letters) == sorted(case.get("refused", []))
    for location_id, expected in case.get("states_at", {"loc": case["states"]} if "states" in case else {}).items():
        assert states(facts, location_id) == [spelled_out(text, 1) for text in expected]
    if "outages" in case:
        assert outages(facts, case.get("location", "loc")) == [spelled_out(text, 2) for text in case["outages"]]
    if "proposals" in case:
        assert proposals(facts, case.get("location", "loc")) == [proposed(text) for text in case["proposals"]]
    check_named(facts, Availability, case.get("months", []))
    check_named(facts, Credit, case.get("credits", []))
    check_absent(facts, Availability, case.get("no_months", []))
    check_absent(facts, Credit, case.get("no_credits", []))
    if "answers" in case:
        assert answers(facts) == sorted(case["answers"])
    if "billing" in case:
        assert billing(facts) == sorted(case["billing"])


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_a_history_told_backwards_and_twice_says_the_same(case: Case) -> None:
    facts, _ = replayed(case)
    again, _ = replayed(case, backwards=True, twice=True)
    assert current(again) == current(facts)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES if "tickets" in case])
def test_a_file_without_partitions_says_the_same_however_many_a_platform_has(case: Case) -> None:
    facts, replay = replayed(case)
    again, _ = replayed(case, partitions=12)
    assert set(replay.world.clocks) == {None}
    assert current(again) == current(facts)


def test_a_case_names_the_sentence_it_holds() -> None:
    assert not [name for name, case in CASES if not case.get("sentence")]
