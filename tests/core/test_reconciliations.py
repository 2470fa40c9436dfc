"""What a reconciliation does to the windows of claims (I-17) and to issued days (I-18): what was known until then is
what had been published. And what is made of a change of the past that is read only in part."""

from typing import Any

import pytest

from schemas import times
from schemas.derivation import Derivation
from schemas.facts import Availability, ClaimAnswer, Correction, Credit, Fact, LocationState
from streams.audit.replay import Replay
from streams.folds.timeline import one_at_a_time
from streams.intervals import Interval
from tests.core import lines
from tests.core.cases import book_of, lines_of

END = times.parse("2026-04-01T08:00:00Z")
"""Of March; claims are in time until the first of May."""
DAY = 86_400_000
MINUTE = 60_000
RECORDED = END + 40 * DAY
LATE = "2026-05-20T00:00:00Z"
"""After the month's own window, before that of what was recorded in May is over."""
BEGAN = times.parse("2026-03-10T00:10:00Z")
FINAL = END + Derivation().correction_horizon_ms

# Down for 40 minutes, which is two days.
HISTORY: dict[str, Any] = {
    "registry": [{"location": "loc", "account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"}],
    "samples": ["00:00:00 a up changes", "00:10:00 a down changes", "00:50:00 a up changes"],
    "now": "2026-06-20T00:00:00Z",
}


def reconciled(
    *known: tuple[int, int],
    recorded: int = RECORDED,
    month: str = "2026-03",
    name: str = "",
    since: int = END - 30 * DAY,
    lowest: str | None = None,
) -> bytes:
    """Recorded at each of these instants, so many minutes of downtime had been published."""
    months = [
        {
            "account_id": "acme",
            "month": month,
            "known": [{"recorded_at": times.render(at), "down_ms": minutes * MINUTE} for at, minutes in known],
            "entries": 0,
            "days": 2,
            **({} if lowest is None else {"lowest_tier_at": lowest}),
        }
    ]
    said = {"location_id": "loc", "facts": ["availability"], "months": months, "reason": "wrong", "author": "ann"}
    return lines.record("reconciliation", name or f"r-{recorded}", since, recorded, **said)


def facts_of(*more: bytes, claimed: str = LATE, **changes: Any) -> list[Fact]:
    ticket = f"{claimed} T1 created ticket_type=credit_claim location_id=loc month=2026-03 channel=email"
    case = {**HISTORY, "tickets": [ticket], **changes}
    replay = Replay(book_of(case), Derivation())
    replay.read_file([*lines_of(case), *more])
    return [*replay.facts()]


def march(facts: list[Fact]) -> Availability:
    return next(fact for fact in facts if isinstance(fact, Availability) and fact.month == "2026-03")


def answer(facts: list[Fact]) -> str:
    return next(fact.answer for fact in facts if isinstance(fact, ClaimAnswer))


def credit(facts: list[Fact]) -> Credit:
    return next(fact for fact in facts if isinstance(fact, Credit))


def test_what_it_raises_may_be_claimed_from_then_on() -> None:
    assert answer(facts_of()) == "too_late"
    facts = facts_of(reconciled((END, 20)))
    assert march(facts).corrections == (Correction(END, 20 * MINUTE), Correction(RECORDED, 40 * MINUTE))
    assert answer(facts) == "accepted"
    assert (credit(facts).state, credit(facts).credit_days) == ("issued", 2)


@pytest.mark.parametrize(
    ("known", "recorded"),
    [
        ([(END, 31)], RECORDED),  # as many days as now
        ([(END, 70)], RECORDED),  # more than now
        ([(END, 20)], END - DAY),  # the month had not ended
        ([(END, 20)], FINAL),  # nothing changes it any more
        ([], RECORDED),  # of its downtime nothing wrong was published
    ],
)
def test_what_does_not_raise_the_days_in_time_opens_nothing(known: list[tuple[int, int]], recorded: int) -> None:
    assert answer(facts_of(reconciled(*known, recorded=recorded))) == "too_late"


def test_of_another_month_nothing_is_known_by_it() -> None:
    assert march(facts_of(reconciled((END, 20), month="2026-04"))).corrections == ()


def test_a_window_that_a_correction_had_opened_before_stays_open() -> None:
    """What was known when is what was published, though a correct derivation would have known more from the start."""
    corrected = END + 35 * DAY
    in_between = times.render(corrected + 2 * DAY)
    facts = facts_of(reconciled((END, 0), (corrected, 20)), claimed=in_between)
    assert march(facts).corrections == (
        Correction(END, 0),
        Correction(corrected, 20 * MINUTE),
        Correction(RECORDED, 40 * MINUTE),
    )
    assert answer(facts) == "accepted"
    assert credit(facts).credit_days == 2, "an accepted claim covers later raises, too"


def test_of_several_the_newest_says_what_was_known() -> None:
    later = RECORDED + DAY
    both = [reconciled((END, 20)), reconciled((END, 20), (RECORDED, 30), recorded=later)]
    steps = (Correction(END, 20 * MINUTE), Correction(RECORDED, 30 * MINUTE), Correction(later, 40 * MINUTE))
    assert march(facts_of(*both)).corrections == march(facts_of(*reversed(both))).corrections == steps


def test_of_two_with_one_id_each_counts() -> None:
    """None takes the other's place, whatever it is valid from."""
    both = [reconciled((END, 20), name="r"), reconciled((END, 20), name="r", since=END - 29 * DAY, month="2026-04")]
    assert march(facts_of(*both)).corrections == march(facts_of(both[0])).corrections != ()


def test_nothing_was_known_after_what_says_so() -> None:
    """Whatever somebody writes: a window that began in the year 9999 would have no end."""
    facts = facts_of(reconciled((END, 0), (times.parse("9999-12-31T23:59:59Z"), 50)))
    assert march(facts).corrections == (
        Correction(END, 0),
        Correction(RECORDED, 50 * MINUTE),
        Correction(RECORDED, 40 * MINUTE),
    )
    assert answer(facts) == "accepted"


def test_of_a_month_that_was_final_nothing_is_known_by_it() -> None:
    assert march(facts_of(reconciled((END, 20), recorded=FINAL))).corrections == ()
    assert march(facts_of(reconciled((END, 20), recorded=FINAL - 1))).corrections != ()


def test_one_that_knows_nothing_leaves_what_was_known_before() -> None:
    both = facts_of(reconciled((END, 20)), reconciled(recorded=RECORDED + DAY))
    assert march(both).corrections == march(facts_of(reconciled((END, 20)))).corrections


def test_what_was_recorded_before_is_told_by_what_was_known_alone() -> None:
    notes = [
        lines.annotation(
            "loc", f"n{at}", 1, BEGAN + at * 5 * MINUTE, BEGAN + (at + 1) * 5 * MINUTE, END + (at + 1) * DAY
        )
        for at in range(2)
    ]
    steps = (Correction(END, 20 * MINUTE), Correction(RECORDED, 30 * MINUTE))
    assert march(facts_of(*notes, reconciled((END, 20)))).corrections == steps


def test_days_that_were_issued_stay_where_the_terms_say_so() -> None:
    never = [{"credits.corrections_after_issue": "never"}]
    in_time = {"claimed": "2026-04-10T00:00:00Z", "terms": never}
    assert credit(facts_of(**in_time)).credit_days == 2
    assert credit(facts_of(reconciled((END, 70)), **in_time)).credit_days == 4
    assert credit(facts_of(reconciled((END, 70)), claimed="2026-04-10T00:00:00Z")).credit_days == 2
    first_known_later = facts_of(reconciled((RECORDED - DAY, 70)), **in_time)
    assert credit(first_known_later).credit_days == 4, "what had been told first was issued"


@pytest.mark.parametrize(
    ("lowest", "told", "reached"),
    [
        (None, "too_late", "2026-03-10T00:25:00Z"),
        ("2026-03-25T00:15:00.000Z", "accepted", "2026-03-25T00:15:00Z"),
        ("2026-03-02T00:15:00.000Z", "too_late", "2026-03-10T00:25:00Z"),
        # whatever somebody writes: it was reached in the month
        ("9999-12-31T23:59:59.000Z", "accepted", "2026-04-01T08:00:00Z"),
    ],
)
def test_who_claimed_in_time_by_what_had_been_published_has_claimed_in_time(
    lowest: str | None, told: str, reached: str
) -> None:
    """I-8, read the other way. The fifteenth minute was over at 0:25 of the 10th: in time before 9 April."""
    terms = [{"claims.eligible_at": "fifteenth_minute"}]
    facts = facts_of(reconciled((END, 40), lowest=lowest), claimed="2026-04-20T00:00:00Z", terms=terms)
    assert answer(facts) == told
    assert march(facts).lowest_tier_at == times.parse(reached)


BETAS = lines.record(
    "location", "loc", END - 90 * DAY, RECORDED, account_id="beta", sla_from="2026-01-01T00:00:00.000Z"
)


@pytest.mark.parametrize(("keeps", "told"), [("never", [("acme", 0), ("beta", 40)]), ("until_final", [("beta", 40)])])
def test_a_month_that_proves_to_be_another_account_s_is_told_of_nothing_where_the_terms_keep_what_was_issued(
    keeps: str, told: list[tuple[str, int]]
) -> None:
    facts = facts_of(BETAS, terms=[{"credits.corrections_after_issue": keeps}])
    months = [fact for fact in facts if isinstance(fact, Availability) and fact.month == "2026-03"]
    assert sorted((month.account_id, month.down_ms // MINUTE) for month in months) == told
    for month in months:
        assert month.closed
        assert bool(month.covered_ms) is bool(month.down_ms)


def row(start: int, end: int | None, state: Any, version: int) -> LocationState:
    return LocationState(
        terms="",
        fold_version=1,
        settings={},
        version=version,
        location_id="loc",
        from_=start,
        to=end,
        state=state,
        devices_up=0,
        devices_down=0,
        devices_unknown=0,
        devices_silent=0,
        resolution_ms=None,
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(0, 5, "up", 1), (5, None, "down", 1)], [((0, 5), "up"), ((5, None), "down")]),
        # a start that moved back: what was said before is not taken back yet
        (
            [(0, 4, "up", 2), (4, 9, "down", 2), (5, 9, "down", 1), (9, None, "up", 1)],
            [((0, 4), "up"), ((4, 9), "down"), ((9, None), "up")],
        ),
        # one that moves on: the part that nothing newer speaks of stays until it is told
        ([(0, 6, "up", 2), (5, 9, "down", 1)], [((0, 6), "up"), ((6, 9), "down")]),
        # one that is older than both of its neighbours, and one that is as new
        (
            [(0, 9, "up", 2), (1, 8, "down", 3), (3, 5, "unknown", 1), (8, 12, "degraded", 2)],
            [((0, 1), "up"), ((1, 8), "down"), ((8, 9), "up"), ((9, 12), "degraded")],
        ),
        ([(0, None, "up", 1), (5, 6, "down", 2)], [((0, 5), "up"), ((5, 6), "down"), ((6, None), "up")]),
    ],
)
def test_of_each_instant_the_newest_row_speaks(
    rows: list[tuple[int, int | None, str, int]], told: list[tuple[Interval, str]]
) -> None:
    found = one_at_a_time([row(*each) for each in rows])
    assert [((each.from_, each.to), each.state) for each in found] == told
