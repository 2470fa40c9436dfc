"""`claim_answers`: a claim, and the months at its location -> what is said to it (CR-3, I-8, I-17; semantics §5).

The answers are tried in one order, and the first that is true is given. It refuses to answer what is no claim: a
ticket that an agent wrote on nobody's behalf.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from schemas import times
from schemas.facts import ClaimAnswer, Fact
from schemas.facts.claim import Answer
from schemas.terms.model import Terms
from streams.calendars import Month
from streams.engine import FOREVER, Partition
from streams.folds.claims import Claim
from streams.folds.credits import Asked, Judgement, OfClaims, claim_windows, is_within
from streams.folds.world import World
from streams.intervals import Interval

FOLD_VERSION = 1

DEPENDS_ON = ("month_close_delay_h", "correction_horizon_days")


class Trial(NamedTuple):
    """An answer as it is tried: what is asked, whether that is true, the sentence for who writes to the customer if it
    is; and the instants that decided, each with the one that it is compared with."""

    answer: Answer
    asks: str
    holds: bool
    reason: str
    instants: tuple[tuple[str, int, int], ...] = ()


class ClaimAnswers(OfClaims):
    """The fold. A month is decided by the time that every partition has reached."""

    fact: ClassVar[type[Fact]] = ClaimAnswer

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[ClaimAnswer]:
        judged = self.judged(asked) if asked.claims else []
        return [answer(claim, judged, self.world) for claim in asked.claims.values()]

    def due(self, key: str, asked: Asked, partition: Partition) -> int:
        """When the next month is decided for which somebody has claimed."""
        now = self.world.slowest or 0
        months = (claimed_month(claim, self.world) for claim in asked.claims.values())
        ends = (_decided_at(month, self.world) - 1 for month in months if month is not None)
        return min((end for end in ends if end >= now), default=FOREVER)

    def forget(
        self, key: str, asked: Asked, partition: Partition, published: Sequence[Any], before: int
    ) -> Sequence[ClaimAnswer]:
        """Drop the answered claims for months that are over for good, and what was never completed."""
        self.drop_months(asked, before)
        for identity, claim in list(asked.claims.items()):
            month = claimed_month(claim, self.world)
            ended = claim.created_at if month is None else month.end
            if ended <= before and (claim.account_id, claim.month) not in asked.months:
                del asked.claims[identity]
        return [fact for fact in published if fact.identity in asked.claims]


def claimed_month(claim: Claim, world: World) -> Month | None:
    """The month of the account's calendar that a claim is about; None where it names none, or none that there is."""
    try:
        return world.account_calendar(claim.account_id).month(claim.month or "")
    except ValueError:
        return None


def answer(claim: Claim, judged: Iterable[Judgement], world: World) -> ClaimAnswer:
    """What a claim is told, given the closed months at its location, whoever had it."""
    terms = terms_for(claim, world)
    made = claim.claimed_at(terms)
    told = next(trial for trial in trials(claim, judged, world) if trial.holds)
    return ClaimAnswer(
        terms=terms.reference,
        fold_version=FOLD_VERSION,
        settings=world.settings(DEPENDS_ON),
        ticket_id=claim.ticket_id,
        account_id=claim.account_id,
        location_id=claim.location_id,
        month=claim.month,
        claimed_at=claim.created_at if made is None else made,
        answer=told.answer,
        reason=told.reason,
    )


def terms_for(claim: Claim, world: World) -> Terms:
    """Those of the month that is claimed; where there is none, of the one in which the claim was made."""
    month = claimed_month(claim, world)
    return month.terms if month is not None else _terms_when_made(claim, world)


def trials(claim: Claim, judged: Iterable[Judgement], world: World) -> Iterator[Trial]:
    """The answers in the order in which they are tried; the first that holds is given, and one always does."""
    month = claimed_month(claim, world)
    if month is None or claim.location_id is None:
        yield from _unplaced(claim)
    else:
        earned = [one for one in judged if one.calendar_month.name == month.name and one.days]
        yield from _judged(claim, claim.claimed_at(month.terms), month, earned, world)


def _unplaced(claim: Claim) -> Iterator[Trial]:
    """A claim that names no location or no month, or a month that no calendar has."""
    missing = [name for name, value in (("location", claim.location_id), ("month", claim.month)) if not value]
    names = f"the claim names no {' and no '.join(missing)}"
    yield Trial("incomplete", "Does it leave out its location or its month?", bool(missing), names)
    yield Trial("no_credit", "Does it name a month that no calendar has?", True, f"there is no month {claim.month}")


class _Case(NamedTuple):
    """A claim that names a month that there is, when it was made in writing (None: not yet), and what the month earned
    there: all of it, and the account's own."""

    claim: Claim
    made: int | None
    month: Month
    earned: Sequence[Judgement]
    own: Judgement | None
    now: int
    decided_at: int

    @property
    def at(self) -> int:
        return self.claim.created_at if self.made is None else self.made

    @property
    def windows(self) -> Sequence[Interval]:
        return claim_windows(self.month, None, ()) if self.own is None else self.own.windows

    @property
    def is_decided(self) -> bool:
        return self.now >= self.decided_at

    @property
    def accepted(self) -> tuple[int, str] | None:
        """The claim for the account's own credit that counts."""
        return None if self.own is None else self.own.accepted


def _judged(claim: Claim, made: int | None, month: Month, earned: Sequence[Judgement], world: World) -> Iterator[Trial]:
    own = next((one for one in earned if one.month.account_id == claim.account_id), None)
    case = _Case(claim, made, month, earned, own, world.slowest or 0, _decided_at(month, world))
    reason = "" if own is None else f"made in time, before {times.render(own.deadline)}"
    is_accepted = made is not None and case.accepted == (made, claim.ticket_id)
    yield Trial("accepted", "Is it the claim that counts for a credit of this account?", is_accepted, reason)
    yield from _by_time(case)
    yield from _by_credit(case)
    reason = f"a claim is made in writing: {', '.join(month.terms.claims.written_channels)}"
    yield Trial("please_write", "Then it was not made in writing, or not yet.", True, reason)


def _by_time(case: _Case) -> Iterator[Trial]:
    begin, is_written, is_within_one = case.month.start, case.made is not None, is_within(case.at, case.windows)
    asks = "Was it made before the month began?"
    reason = f"the month began at {times.render(begin)}: a claim made before that does not count"
    instants = (("made, against the month's begin", case.at, begin),)
    yield Trial("early", asks, is_written and case.at < begin, reason, instants)
    asks = "Was it made in time, and the month is not decided?"
    reason = f"the claim is kept: the month is decided at {times.render(case.decided_at)}"
    yield Trial("early", asks, is_written and not case.is_decided and is_within_one, reason, _decides(case))
    first = case.windows[0][1]
    last = max((end for start, end in case.windows if start <= case.at), default=first)
    instants = (("made, against the last window's end", case.at, last),)
    reason = f"to be made before {times.render(last)}"
    yield Trial("too_late", "Were the windows over?", not is_within_one and case.at >= first, reason, instants)


def _by_credit(case: _Case) -> Iterator[Trial]:
    since, ticket_id = case.accepted or (0, "")
    by = f"ticket {ticket_id}" if ticket_id else "the provider"
    asks, reason = "Was another claim accepted for this credit?", f"claimed by {by} at {times.render(since)}"
    yield Trial("already_claimed", asks, case.accepted is not None, reason)
    asks = "Is the month decided, and has nobody earned a credit in it?"
    is_empty = case.is_decided and not case.earned
    yield Trial("no_credit", asks, is_empty, "the month earned no credit at this location", _decides(case))
    asks, reason = "Is the credit another account's?", "the month's credit at this location is another account's"
    yield Trial("not_yours", asks, case.is_decided and case.own is None, reason)


def _decides(case: _Case) -> tuple[tuple[str, int, int], ...]:
    return (("time, against the month's closing", case.now, case.decided_at),)


def _decided_at(month: Month, world: World) -> int:
    """When a month closes, for whichever location."""
    return month.end + world.derivation.month_close_delay_ms


def _terms_when_made(claim: Claim, world: World) -> Terms:
    return world.account_calendar(claim.account_id).month_at(claim.created_at).terms
