"""Whatever follows from a random history, its explanation arrives at it; and one that does not says so."""

from typing import Any

import msgspec
import pytest

from schemas.facts import Availability, BillingCredit, ClaimAnswer, Credit, Fact, LocationOutage, TicketResponse
from schemas.wire import parse_line
from streams.audit.explain.derived import Derived
from streams.audit.explain.places import Place
from streams.audit.explain.step import Explanation
from streams.audit.explain.subjects import EXPLAINED
from streams.audit.replay import Replay
from tests.core.cases import cases
from tests.core.test_histories import replayed
from tests.explain.explained import TEXT, check, explanations, places
from tests.laws.strategies import PARTITIONS, Recording, recordings
from tests.laws.test_laws import law
from tests.laws.tickets import histories


def explained(recording: Recording) -> list[Explanation]:
    """Every explanation, all of whose messages are found where they stood."""
    audit = Replay(recording.book, recording.settings, partitions=PARTITIONS if recording.partitioned else None)
    lines = [_at_offset(line, offset) for offset, line in enumerate(recording.lines)]
    audit.read(map(parse_line, lines))
    found = list(explanations(audit.chain, audit.facts()))
    for place in places(audit, lines, found).values():
        assert isinstance(place, Place)
        assert place.offset in (None, (place.line or 0) - 1)
    return found


def _at_offset(line: bytes, offset: int) -> bytes:
    """A line that stands in a partition also knows where."""
    members = msgspec.json.decode(line)
    return msgspec.json.encode(members | {"offset": offset}) if "partition" in members else line


@law(recordings())
def test_an_explanation_arrives_at_what_was_derived(recording: Recording) -> None:
    for explanation in explained(recording):
        check(explanation)


@law(histories())
def test_an_explanation_of_a_response_arrives_at_what_was_derived(recording: Recording) -> None:
    for explanation in explained(recording):
        check(explanation)


def _claimed() -> tuple[list[Fact], Replay]:
    return replayed(dict(cases())["claims: a claim in time is accepted, and its days are issued"])


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (LocationOutage, "ended_at", 1_773_101_700_001),
        (LocationOutage, "kind", "silence"),
        (Availability, "down_ms", 900_001),
        (Availability, "objective_met", True),
        (Credit, "credit_days", 2),
        (Credit, "claim_deadline", 1_777_708_800_001),
        (BillingCredit, "days", 2),
        (ClaimAnswer, "answer", "too_late"),
        (TicketResponse, "due_at", 1),
    ],
)
def test_where_the_steps_do_not_arrive_at_the_fact_that_is_said(kind: type[Fact], field: str, value: Any) -> None:
    """As if a fold had been wrong, or the explanation of it."""
    facts, audit = _claimed()
    derived = Derived(audit.chain, facts, TEXT)
    fact = next(fact for fact in derived.all(kind) if getattr(fact, "month", "2026-03") in ("2026-03", "2026-04"))
    explanation = EXPLAINED[kind](derived, msgspec.structs.replace(fact, **{field: value}))
    assert any(field in difference for difference in explanation.differences), explanation.differences
