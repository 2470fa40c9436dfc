"""A credit: the days that a month's downtime earned, and what became of them (CR-1, CR-3, I-2, I-3, I-8, I-17, I-18;
semantics §5)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.facts import Availability, Correction, Credit
from schemas.facts.fact import named
from schemas.terms.model import MINUTE_MS, Terms
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, at, compared, counted, equals, ms, number
from streams.audit.explain.claimed import claims_at, made_at, writings
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Explanation, Step
from streams.audit.explain.windows import Window, cited, eligible_at, windows
from streams.calendars import Month
from streams.folds.claims import Claim
from streams.folds.credits import issued_at
from streams.spoken import spoken

PROVIDER = ""
"""The ticket of a claim that the provider makes for the customer."""


class Claimed(NamedTuple):
    """When the claim that counts was made, and by which ticket."""

    at: int
    ticket_id: str


class Case(NamedTuple):
    """A credit that is explained, the month that it is for, and the claims for it."""

    derived: Derived
    fact: Credit
    availability: Availability
    month: Month
    claims: Sequence[Claim]

    @property
    def terms(self) -> Terms:
        return self.month.terms

    @property
    def corrections(self) -> Sequence[Correction]:
        known = self.availability
        return known.corrections or (Correction(known.as_of, known.down_ms),)


def explain_credit(derived: Derived, fact: Credit) -> Explanation:
    place = {"account_id": fact.account_id, "location_id": fact.location_id, "month": fact.month}
    (availability,) = derived.all(Availability, **place)
    month = derived.calendar(fact.account_id).month(fact.month)
    claims = claims_at(derived, fact.location_id, fact.account_id, fact.month)
    case = Case(derived, fact, availability, month, claims)
    open_in = windows(month, availability.lowest_tier_at, case.corrections)
    accepted, claims_step = _claims(case, open_in)
    name = f"credit/{fact.account_id}/{fact.location_id}/{fact.month}"
    return Explanation(
        kind="credit",
        id=fact.credit_id,
        name=name,
        title=f"Credit of {fact.account_id} for {fact.month} at {fact.location_id}",
        fact=fact,
        steps=[
            _minutes(case),
            _days(case, accepted),
            _windows(case, open_in, accepted),
            claims_step,
            _state(case, accepted),
            _what_it_is_good_for(case),
            Step(what="Its id is a UUIDv5 of its name", words=[name], gives={"credit_id": named(name)}),
        ],
    )


def _minutes(case: Case) -> Step:
    down = case.availability.down_ms
    minutes = ms(down) // ms(MINUTE_MS)
    return Step(
        what=f"Whole minutes of downtime: {int(minutes.value)}",
        words=[f"The month was down for {spoken(down)}: see {case.fact.location_id}/{case.fact.month}."],
        clauses=[case.derived.cite("I-2", case.terms)],
        arithmetic=[equals("cut down to whole minutes, once", minutes)],
        gives={"downtime_minutes": int(minutes.value)},
    )


def _days(case: Case, accepted: Claimed | None) -> Step:
    days, lines, words = _table(case.availability.down_ms, case.terms)
    terms, clauses = case.terms, ["CR-1", "I-3"]
    if accepted is not None and terms.credits.corrections_after_issue == "never":
        clauses.append("I-18")
        issued = issued_at(accepted.at, case.month, case.derived.world)
        words.append(f"By the terms what was issued, {inputs.instant(issued)}, is never made less.")
        first = max((place for place, step in enumerate(case.corrections) if step.recorded_at <= issued), default=0)
        for step in case.corrections[first:]:
            then, _, row = _table(step.down_ms, terms)
            words += [f"Recorded {inputs.instant(step.recorded_at)}, down for {step.down_ms} ms: {row[0]}"]
            days = max(days, then)
    return Step(
        what=f"Days that they earn: {days}",
        words=words,
        clauses=[case.derived.cite(clause, terms) for clause in clauses],
        arithmetic=lines,
        gives={"credit_days": days},
    )


def _table(down_ms: int, terms: Terms) -> tuple[int, list[Line], list[str]]:
    """The row of the table that so much downtime reaches, and the next one, which it does not."""
    minutes = down_ms // MINUTE_MS
    reached = [tier for tier in terms.credits.tiers if tier.minutes <= minutes]
    beyond = terms.credits.tiers[len(reached) : len(reached) + 1]
    days = reached[-1].days if reached else 0
    lines = [
        compared(
            f"from {counted(tier.minutes, 'minute')}, {counted(tier.days, 'day')}",
            number(minutes),
            number(tier.minutes),
        )
        for tier in (*reached[-1:], *beyond)
    ]
    return (
        days,
        lines,
        [
            f"{counted(minutes, 'minute')} reach the row for {counted(days, 'day')}."
            if reached
            else f"{counted(minutes, 'minute')} reach no row."
        ],
    )


def _windows(case: Case, open_in: Sequence[Window], accepted: Claimed | None) -> Step:
    """When the customer is eligible, and until when it must be claimed."""
    until = accepted.at if accepted else None
    counting = [window for place, window in enumerate(open_in) if place == 0 or until is None or window.start <= until]
    deadline = max(window.end for window in counting)
    words = [window.words for window in open_in]
    if len(counting) < len(open_in):
        words.append("A claim that was accepted covers later raises too: the windows after it are not needed.")
    eligible = eligible_at(case.month, case.availability.lowest_tier_at)
    return Step(
        what=f"Eligible at {inputs.instant(eligible)}, to be claimed before {inputs.instant(deadline)}",
        words=words,
        clauses=cited(case.derived, case.terms),
        arithmetic=[line for window in open_in for line in window.lines],
        gives={"eligible_at": eligible, "claim_deadline": deadline},
    )


def _claims(case: Case, open_in: Sequence[Window]) -> tuple[Claimed | None, Step]:
    """The claims for the month; of those that count the earliest is accepted."""
    terms, derived = case.terms, case.derived
    counting: list[Claimed] = []
    words: list[str] = []
    lines: list[Line] = []
    for claim in case.claims:
        made = made_at(claim, terms)
        if made is None:
            words.append(f"{claim.ticket_id} has not been made in writing: it does not count.")
        elif any(window.holds(made) for window in open_in):
            words.append(f"{claim.ticket_id} was made at {inputs.instant(made)}, within a window: it counts.")
            counting.append(Claimed(made, claim.ticket_id))
        else:
            words.append(f"{claim.ticket_id} was made at {inputs.instant(made)}, within no window: it does not count.")
        lines += _against_windows(claim, made, open_in)
    if terms.claims.auto_claim:
        words.append("By the terms the provider claims for the customer as soon as that is eligible.")
        counting.append(Claimed(eligible_at(case.month, case.availability.lowest_tier_at), PROVIDER))
    accepted = min(counting, default=None)
    told = "nobody has claimed it in time" if accepted is None else f"{accepted.ticket_id or 'the provider'} did"
    return accepted, Step(
        what=f"Who claimed it: {told}",
        words=words or ["Nobody has claimed it."],
        clauses=[derived.cite("CR-3", terms, "claims.written_channels", "claims.auto_claim")],
        inputs=[entry for claim in case.claims for entry in writings(derived, claim)],
        arithmetic=lines,
        gives={
            "claimed_at": None if accepted is None else accepted.at,
            "claim_ticket_id": (accepted.ticket_id or None) if accepted else None,
        },
    )


def _against_windows(claim: Claim, made: int | None, open_in: Iterable[Window]) -> list[Line]:
    if made is None:
        return []
    return [
        compared(f"{claim.ticket_id}, against the {edge} of a window", at(made), at(instant))
        for window in open_in
        for edge, instant in (("begin", window.start), ("end", window.end))
    ]


def _state(case: Case, accepted: Claimed | None) -> Step:
    deadline, slowest = case.fact.claim_deadline, case.derived.world.slowest or 0
    is_over = slowest >= deadline
    state = "issued" if accepted is not None else "expired" if is_over else "eligible"
    words = {
        "issued": "It was claimed, and the month is closed: it is issued.",
        "expired": "Nobody claimed it before the deadline, which is over by the time that every partition has reached.",
        "eligible": "It can still be claimed: the time that every partition has reached is before the deadline.",
    }
    return Step(
        what=f"What became of it: {state}",
        words=[words[state]],
        clauses=[case.derived.cite("CR-3", case.terms, "claims.window_days")],
        inputs=[] if accepted else [case.derived.slowest()],
        arithmetic=[] if accepted else [compared("time, against the deadline", at(slowest), at(deadline))],
        gives={"state": state},
    )


def _what_it_is_good_for(case: Case) -> Step:
    return Step(
        what="What it is good for",
        words=[
            "Days that reduce later bills of this account at this location, and nothing else. Nobody prices them here.",
            f"Until {inputs.instant(case.availability.final_at)} corrections of the month change it.",
        ],
        clauses=[case.derived.cite(clause, case.terms) for clause in ("CR-2", "RM-1", "I-18", "I-19")],
        gives={"final_at": case.availability.final_at},
    )
