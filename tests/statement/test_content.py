"""What a statement says follows from its history, as the cases in `tests/cases/statements` say, and adds up."""

from decimal import Decimal
from hashlib import sha256

import msgspec
import pytest

from schemas.times import render
from streams.statement.content import Statement, as_json, digest, written
from streams.statement.drawing_up import NothingToStateError
from tests.core.cases import Case, instant, lines_of
from tests.statement.cases import CASES, STORY, drawn_up, of_location
from tests.statement.sums import check_sums

PARTS = ("counted", "excluded", "unknown", "not_covered")


def timeline(statement: Statement) -> list[str]:
    stretches = of_location(statement).timeline
    ends = [stretch.to for stretch in stretches]
    starts = [stretch.from_ for stretch in stretches]
    assert [statement.starts_at, *ends] == [*starts, statement.ends_at], "the month, without gap and overlap"
    return [f"{render(each.from_)} {each.what}" + (f" {each.why}" if each.why else "") for each in stretches]


def outages(statement: Statement) -> list[str]:
    told = []
    for each in of_location(statement).outages:
        parts = [(name, getattr(each, f"{name}_ms")) for name in PARTS]
        words = [f"{name} {ms}" for name, ms in parts if ms]
        words += [name for name in ("began_before", "goes_on") if getattr(each, name)]
        told.append(" ".join([render(each.from_), render(each.to), *words]))
    return told


def spelled_out(text: str, instants: int) -> str:
    words = text.split()
    return " ".join([*(render(instant(word)) for word in words[:instants]), *words[instants:]])


def owed(statement: Statement) -> list[str]:
    place = of_location(statement)
    credit = [f"{place.credit.state} {place.credit.credit_days}"] if place.credit else []
    return credit + [f"{entry.type} {entry.days}" for entry in place.ledger]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_a_statement_says_what_its_case_says(case: Case) -> None:
    statement = drawn_up(case)
    told = statement.responses
    whole = told.whole
    found = {
        "status": lambda: statement.status,
        "as_of": lambda: render(statement.as_of),
        "locations": lambda: [place.location_id for place in statement.locations],
        "timeline": lambda: timeline(statement),
        "outages": lambda: outages(statement),
        "notes": lambda: sorted(
            f"{n.annotation_id} {n.effect} {n.took_ms}" for n in of_location(statement).annotations
        ),
        "owed": lambda: owed(statement),
        "answers": lambda: [f"{claim.ticket_id} {claim.answer}" for claim in statement.claims],
        "total": lambda: f"{whole.met} of {whole.total} {whole.verdict}" if whole else "",
        "missed": lambda: [f"{ticket.ticket_id} {ticket.counted}" for ticket in told.missed],
        "pending": lambda: [f"{ticket.ticket_id} {ticket.counted}" for ticket in told.pending],
        "left_out": lambda: told.left_out,
    }
    expected = {
        "as_of": lambda text: render(instant(text)),
        "timeline": lambda texts: [spelled_out(text, 1) for text in texts],
        "outages": lambda texts: [spelled_out(text, 2) for text in texts],
    }
    named = found.keys() & case.keys()
    assert named, "a case expects something"
    for name in named:
        assert found[name]() == expected.get(name, lambda it: it)(case[name]), name


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in [*CASES, ("all", STORY)]])
def test_the_parts_of_a_location_add_up_to_its_facts(case: Case) -> None:
    """Law 4, as a customer can check it: the picture, the outages and the annotations against the month's numbers."""
    check_sums(drawn_up(case))


def test_the_order_and_the_repetition_of_the_input_leave_no_trace() -> None:
    lines = lines_of(STORY)
    assert as_json(drawn_up(STORY, lines[::-1] + lines)) == as_json(drawn_up(STORY, lines))


def test_the_json_form_says_all_of_it_exactly_and_its_digest_is_that_of_its_bytes() -> None:
    statement = drawn_up(STORY)
    document = as_json(statement)
    decoded = msgspec.json.Decoder(float_hook=Decimal).decode(document)
    encoder = msgspec.json.Encoder(decimal_format="number")
    assert msgspec.json.format(encoder.encode(decoded), indent=2) + b"\n" == document
    found = {place["location_id"]: place["availability"] for place in decoded["locations"]}
    assert found == {place.location_id: written(place.availability) for place in statement.locations}
    assert document.endswith(b"\n")
    assert digest(statement) == sha256(document).hexdigest()


def test_26_seconds_in_a_month_of_31_days_are_within_the_budget_and_27_are_not() -> None:
    """I-10: 31 days allow 26.784 s; 99.9990293 % and 99.9989919 % would both be printed as 99.999 %."""
    for seconds, met, share in ((26, True, "0.999990292"), (27, False, "0.999989919")):
        samples = [
            "2026-01-15T00:00:00Z a up changes",
            "00:00:00 a down changes",
            f"00:00:{seconds} a up changes",
        ]
        fact = of_location(drawn_up(CASES[0][1] | {"samples": samples})).availability
        assert fact is not None
        assert (fact.objective_met, str(fact.availability)) == (met, share)


@pytest.mark.parametrize(
    ("account", "month", "why"),
    [
        ("nobody", "2026-03", "there is no account nobody: it has no record, no location and no ticket"),
        ("acme", "2026-05", "2026-05 has not begun in what was read"),
    ],
)
def test_what_cannot_be_stated_is_said_in_one_line(account: str, month: str, why: str) -> None:
    with pytest.raises(NothingToStateError, match=why):
        drawn_up(STORY | {"account": account, "month": month})


def test_nothing_read_brings_no_time() -> None:
    with pytest.raises(NothingToStateError, match="brings no time"):
        drawn_up({})
