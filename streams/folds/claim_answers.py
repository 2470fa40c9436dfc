"""`claim_answers`: a claim, and the months at its location -> what is said to it (CR-3, I-8, I-17; semantics §5).

The answers are tried in one order, and the first that is true is given. It refuses to answer what is no claim: a
ticket that an agent wrote on nobody's behalf.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from schemas import times
from schemas.facts import ClaimAnswer, Fact
from schemas.facts.claim import Answer
from schemas.terms.model import Terms
from streams.calendars import Month
from streams.engine import FOREVER, Partition
from streams.folds.claims import Claim
from streams.folds.credits import Asked, Judgement, OfClaims, claim_windows, is_within
from streams.folds.world import World

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
    version: ClassVar = FOLD_VERSION

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[ClaimAnswer]:
        judged = self.judged(asked) if asked.claims else []
        return [answer(claim, judged, self.world) for claim in asked.claims.values()]

    def due(self, key: str, asked: Asked, partition: Partition) -> int:
        """When the next month is decided for which somebody has claimed."""
        now = self.world.slowest or 0
        months = (claimed_month(claim, self.world) for claim in asked.claims.values())
        ends = (_decided_at(month, self.world) - 1 for month in months if month is not None)
        return min((end for end in ends if end >= now), default=FOREVER)


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
    month, made = claimed_month(claim, world), claim.claimed_at(terms_for(claim, world))
    if month is None or claim.location_id is None:
        yield from _unplaced(claim, made, month)
    else:
        said = [one for one in judged if one.calendar_month.name == month.name]
        is_decided = (world.slowest or 0) >= _decided_at(month, world) and (
            bool(said) or not _is_awaited(claim.location_id, month, world)
        )
        earned = [one for one in said if one.days]
        yield from _judged(claim, made, month, earned, world, is_decided=is_decided)


def _is_awaited(location_id: str, month: Month, world: World) -> bool:
    """Whether somebody has the location in a part of the month that the platform listened to: then the month is said,
    though perhaps later than its time comes."""
    heard = world.clock(world.partition_of(location_id)).first_tick
    if heard is None:
        return False
    since = max(heard, month.start)
    return any(max(each.since, since) < min(each.until, month.end) for each in world.registry.tenures(location_id))


def _unplaced(claim: Claim, made: int | None, month: Month | None) -> Iterator[Trial]:
    """A claim that names no location or no month, or a month that no calendar has."""
    at = claim.created_at if made is None else made
    if month is not None:
        end = claim_windows(month, None, ())[0][1]
        instants = (("made, against the window's end", at, end),)
        yield Trial("too_late", "Was the window over?", at >= end, f"to be made before {times.render(end)}", instants)
    missing = [name for name, value in (("location", claim.location_id), ("month", claim.month)) if not value]
    unknown = f"there is no month {claim.month}"
    yield Trial("no_credit", "Does it name a month that no calendar has?", not missing, unknown)
    yield Trial("please_write", "Was it made, and not in writing?", made is None, "a claim is made in writing")
    names = f"the claim names no {' and no '.join(missing)}"
    yield Trial("incomplete", "Then it leaves out its location or its month.", True, names)


def _judged(
    claim: Claim, made: int | None, month: Month, earned: Sequence[Judgement], world: World, *, is_decided: bool
) -> Iterator[Trial]:
    own = next((one for one in earned if one.month.account_id == claim.account_id), None)
    at = claim.created_at if made is None else made
    windows = claim_windows(month, None, ()) if own is None else own.windows
    decided_at, now = _decided_at(month, world), world.slowest or 0
    decides = ("time, against the month's closing", now, decided_at)
    is_accepted = own is not None and own.accepted == (made, claim.ticket_id)
    reason = "" if own is None else f"made in time, before {times.render(own.deadline)}"
    yield Trial("accepted", "Is it the claim that counts for a credit of this account?", is_accepted, reason)
    reason = f"the month began at {times.render(month.start)}: a claim made before that does not count"
    begin = ("made, against the month's begin", at, month.start)
    is_early = made is not None and made < month.start
    yield Trial("early", "Was it made before the month began?", is_early, reason, (begin,))
    reason = f"the claim is kept: the month is decided at {times.render(decided_at)}"
    is_early = made is not None and not is_decided and is_within(at, windows)
    yield Trial("early", "Was it made in time, and the month is not decided?", is_early, reason, (decides,))
    last = max((end for start, end in windows if start <= at), default=windows[0][1])
    is_late = not is_within(at, windows) and at >= windows[0][1]
    reason = f"to be made before {times.render(last)}"
    yield Trial(
        "too_late", "Were the windows over?", is_late, reason, (("made, against the last window's end", at, last),)
    )
    by, since = ("", 0) if own is None or own.accepted is None else (own.accepted[1], own.accepted[0])
    reason = f"claimed by {f'ticket {by}' if by else 'the provider'} at {times.render(since)}"
    is_claimed = own is not None and own.accepted is not None
    yield Trial("already_claimed", "Was another claim accepted for this credit?", is_claimed, reason)
    reason = "the month earned no credit at this location"
    asks = "Is the month decided, and has nobody earned a credit in it?"
    yield Trial("no_credit", asks, is_decided and not earned, reason, (decides,))
    reason = "the month's credit at this location is another account's"
    yield Trial("not_yours", "Is the credit another account's?", is_decided and own is None, reason)
    reason = f"a claim is made in writing: {', '.join(month.terms.claims.written_channels)}"
    yield Trial("please_write", "Then it was not made in writing, or not yet.", True, reason)


def _decided_at(month: Month, world: World) -> int:
    """When a month closes, for whichever location."""
    return world.derivation.closes_at(month.end)


def _terms_when_made(claim: Claim, world: World) -> Terms:
    return world.account_calendar(claim.account_id).month_at(claim.created_at).terms
