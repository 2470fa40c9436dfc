"""What is published beside what follows by other terms: what would change, what is final, the days, and the records
that have it said."""

from typing import Any

import msgspec
import pytest

from schemas import times
from schemas.derivation import Derivation
from schemas.events import Reconciliation
from schemas.facts import Availability, BillingCredit, ClaimAnswer, Correction, Credit, Fact, LocationState
from schemas.wire import Gate, decode, parse_line
from streams.annotating import accepted
from streams.audit.narrowing import Narrowing
from streams.audit.reconciling import Comparison, Days
from streams.audit.replay import Replay
from tests.core import lines
from tests.core.cases import book_of, lines_of

SETTINGS = Derivation()
END = times.parse("2026-04-01T08:00:00Z")
FINAL = END + SETTINGS.correction_horizon_ms
NOW = times.parse("2026-06-01T00:00:00Z")
COVERED = {"account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"}
PUBLISHED_BY: dict[str, Any] = {"terms": [{}]}
FOLLOWS_BY: dict[str, Any] = {"terms": [{"availability.outage_begins": "last_seen"}]}

# Silent from 10 to 41 minutes past: 30 minutes are a day, 31 are two. loc was claimed; more is another's; well is well.
HISTORY: dict[str, Any] = {
    "registry": [
        {"location": "loc", **COVERED},
        {"location": "more", **COVERED, "account_id": "beta"},
        {"location": "well", **COVERED},
    ],
    "samples": [
        *(f"00:{at:02}:00 a up 60" for at in (*range(11), *range(41, 51))),
        *(f"00:{at:02}:00 b up 60 at=more" for at in (*range(11), *range(41, 51))),
        *(f"00:{at:02}:00 c up 60 at=well" for at in range(51)),
        *(
            f"00:51:00 {device} up changes at={location}"
            for device, location in (("a", "loc"), ("b", "more"), ("c", "well"))
        ),
    ],
    "tickets": ["2026-04-10T00:00:00Z T1 created ticket_type=credit_claim location_id=loc month=2026-03 channel=email"],
    "now": "2026-05-20T00:00:00Z",
}


def replay(by: dict[str, Any], *more: bytes) -> Replay:
    audit = Replay(book_of(by), SETTINGS)
    audit.read_file([*lines_of(HISTORY), *more])
    return audit


def published(**changes: Any) -> list[Fact]:
    """What was said by the other terms, each fact with a version of its own; what changes, of `loc` in March."""
    facts = [*replay(PUBLISHED_BY).facts()]
    return [
        msgspec.structs.replace(fact, version=place, **(changes if _is_of_march(fact) else {}))
        for place, fact in enumerate(facts, 1)
    ]


def _is_of_march(fact: Fact) -> bool:
    return isinstance(fact, Availability) and (fact.location_id, fact.month) == ("loc", "2026-03")


def compared(now: int = NOW, said: list[Fact] | None = None, *more: bytes) -> Comparison:
    return Comparison(published() if said is None else said, replay(FOLLOWS_BY, *more), now)


def records(comparison: Comparison, narrowing: Narrowing | None = None) -> dict[str, dict[str, Any]]:
    """By subject, as they are written; the platform would take each."""
    found = comparison.whole(comparison.of(narrowing or Narrowing()))
    written = [*comparison.reconciliations(found, "last seen counts", "ann")]
    return {event_of(each).subject: each for each in written}


def event_of(written: dict[str, Any]) -> Reconciliation:
    event = accepted("registry", written["reconciliation_id"], written, Gate(SETTINGS))
    assert isinstance(event, Reconciliation)
    return event


def test_what_is_published_and_follows_would_not_change() -> None:
    comparison = Comparison(published(), replay(PUBLISHED_BY), NOW)
    assert (comparison.of(Narrowing()), records(comparison)) == ([], {})


def test_days_are_told_where_they_differ_and_add_up() -> None:
    comparison = compared()
    assert comparison.days(comparison.differences) == [Days("acme", "loc", "2026-03", 1, 2, is_final=False)]
    other = [fact for fact in published() if not isinstance(fact, BillingCredit)]
    comparison = compared(NOW, other)
    assert [(each.published, each.derived, each.change) for each in comparison.days(comparison.differences)] == [
        (0, 2, 2)
    ]


@pytest.mark.parametrize(("now", "stays"), [(FINAL - 1, False), (FINAL, True)])
def test_what_is_final_stays(now: int, stays: bool) -> None:
    comparison = compared(now)
    assert [each.is_final for each in comparison.days(comparison.differences)] == [stays]
    of_march = [each for each in comparison.differences if getattr(each.fact, "month", None) == "2026-03"]
    kinds = Availability, Credit, BillingCredit
    assert {comparison.stays(each) for each in of_march if isinstance(each.fact, kinds)} == {stays}
    ended = [each for each in comparison.differences if isinstance(each.fact, LocationState) and each.fact.to]
    assert {comparison.stays(each) for each in ended} == {stays}
    named = {month["month"] for record in records(comparison).values() for month in record["months"]}
    assert ("2026-03" in named) is not stays


def test_a_record_says_what_differs_since_when_and_what_was_published() -> None:
    found = records(compared())
    assert {"loc", "more"} <= found.keys()
    loc = found["loc"]
    assert {"location-states", "location-outages", "availability", "credits", "billing-credits"} <= {*loc["facts"]}
    assert "billing-credits" not in found["more"]["facts"], "nobody claimed there"
    assert times.parse(loc["valid_from"]) < times.parse("2026-03-10T00:10:00Z")
    (march,) = [month for month in loc["months"] if month["month"] == "2026-03"]
    assert march == {
        "account_id": "acme",
        "month": "2026-03",
        "known": [{"recorded_at": times.render(END), "down_ms": 30 * 60_000}],
        "lowest_tier_at": "2026-03-10T00:26:00.000Z",
        "entries": 1,
        "days": 2,
    }


def test_what_had_been_corrected_before_is_told_step_by_step() -> None:
    steps = (Correction(END, 5 * 60_000), Correction(END + 1000, 30 * 60_000))
    (march,) = [
        month
        for month in records(compared(NOW, published(corrections=steps)))["loc"]["months"]
        if month["month"] == "2026-03"
    ]
    assert [(step["recorded_at"], step["down_ms"]) for step in march["known"]] == [
        (times.render(step.recorded_at), step.down_ms) for step in steps
    ]


def test_what_is_published_is_of_whole_locations_that_a_narrower_look_found() -> None:
    comparison = compared()
    narrow = comparison.of(Narrowing(account="beta"))
    assert {each.fact.key for each in narrow} <= {"more", "beta"}
    assert {*records(comparison, Narrowing(account="beta"))} <= {"more", "beta"}
    one = [each for each in comparison.of(Narrowing(location="loc")) if isinstance(each.fact, Credit)]
    whole = comparison.whole(one)
    assert {each.fact.TOPIC for each in whole} > {Credit.TOPIC}
    assert {each.fact.location_id for each in whole} == {"loc"}  # type: ignore[attr-defined]


def test_the_same_is_not_asked_for_twice_until_something_was_said() -> None:
    first = records(compared())["loc"]
    line = lines.record("reconciliation", first["reconciliation_id"], NOW, NOW, **_rest(first))
    again = compared(NOW + 1000, None, line)
    assert again.was_asked(event_of(records(again)["loc"]))
    assert not again.was_asked(event_of(records(again)["more"]))
    later = [msgspec.structs.replace(fact, version=fact.version + 1000) for fact in published()]
    said = compared(NOW + 1000, later, line)
    assert not said.was_asked(event_of(records(said)["loc"]))


LINE = ("entity", "reconciliation_id", "valid_from", "recorded_at")


def _rest(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in LINE}


def test_an_answer_that_names_no_location_is_of_its_account() -> None:
    nowhere = lines.ticket("T2", END, "created", ticket_type="credit_claim", channel="email")
    audit = replay(PUBLISHED_BY, nowhere)
    answered = next(
        fact
        for fact in replay(PUBLISHED_BY, nowhere).facts()
        if isinstance(fact, ClaimAnswer) and fact.ticket_id == "T2"
    )
    wrong = msgspec.structs.replace(answered, reason="another", version=9)
    comparison = Comparison([*published(), wrong], audit, NOW)
    found = records(comparison)
    assert found["acme"]["facts"].count("claim-answers") == 1
    assert (found["acme"].get("location_id"), found["acme"]["months"]) == (None, [])


def test_what_the_record_says_is_what_a_replay_then_knows() -> None:
    """The window of who could not claim these days before opens when it was recorded."""
    first = records(compared())["more"]
    line = lines.record("reconciliation", first["reconciliation_id"], NOW, NOW, **_rest(first))
    parsed = parse_line(line)
    assert isinstance(decode("registry", parsed.value, key=parsed.key), Reconciliation)  # type: ignore[union-attr]
    facts = [*replay(FOLLOWS_BY, line).facts()]
    credit = next(fact for fact in facts if isinstance(fact, Credit) and fact.location_id == "more")
    assert credit.claim_deadline > NOW
    assert credit.state == "eligible"
