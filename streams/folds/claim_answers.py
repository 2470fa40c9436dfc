"""`claim_answers`: a claim, and the months at its location -> what is said to it (CR-3, I-8, I-17; semantics §5).

The answers are tried in one order, and the first that is true is given. It refuses to answer what is no claim: a
ticket that an agent wrote on nobody's behalf.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

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
    month = claimed_month(claim, world)
    terms = month.terms if month is not None else _terms_when_made(claim, world)
    made = claim.claimed_at(terms)
    if month is None or claim.location_id is None:
        told, reason = _unplaced(claim)
    else:
        earned = [one for one in judged if one.calendar_month.name == month.name and one.days]
        told, reason = _judged(claim, made, month, earned, world)
    return ClaimAnswer(
        terms=terms.reference,
        fold_version=FOLD_VERSION,
        settings=world.settings(DEPENDS_ON),
        ticket_id=claim.ticket_id,
        account_id=claim.account_id,
        location_id=claim.location_id,
        month=claim.month,
        claimed_at=claim.created_at if made is None else made,
        answer=told,
        reason=reason,
    )


def _unplaced(claim: Claim) -> tuple[Answer, str]:
    """A claim that names no location or no month, or a month that no calendar has."""
    if claim.location_id and claim.month:
        return "no_credit", f"there is no month {claim.month}"
    missing = [name for name, value in (("location", claim.location_id), ("month", claim.month)) if not value]
    return "incomplete", f"the claim names no {' and no '.join(missing)}"


def _judged(
    claim: Claim, made: int | None, month: Month, earned: Sequence[Judgement], world: World
) -> tuple[Answer, str]:
    own = next((one for one in earned if one.month.account_id == claim.account_id), None)
    at = claim.created_at if made is None else made
    windows = claim_windows(month, None, ()) if own is None else own.windows
    decided_at = _decided_at(month, world)
    is_decided = (world.slowest or 0) >= decided_at
    if own is not None and own.accepted == (made, claim.ticket_id):
        return "accepted", f"made in time, before {times.render(own.deadline)}"
    if made is not None and made < month.start:
        return "early", f"the month began at {times.render(month.start)}: a claim made before that does not count"
    if made is not None and not is_decided and is_within(at, windows):
        return "early", f"the claim is kept: the month is decided at {times.render(decided_at)}"
    if not is_within(at, windows) and at >= windows[0][1]:
        return "too_late", f"to be made before {times.render(max(end for start, end in windows if start <= at))}"
    if own is not None and own.accepted is not None:
        by = f"ticket {own.accepted[1]}" if own.accepted[1] else "the provider"
        return "already_claimed", f"claimed by {by} at {times.render(own.accepted[0])}"
    if is_decided and not earned:
        return "no_credit", "the month earned no credit at this location"
    if is_decided and own is None:
        return "not_yours", "the month's credit at this location is another account's"
    return "please_write", f"a claim is made in writing: {', '.join(month.terms.claims.written_channels)}"


def _decided_at(month: Month, world: World) -> int:
    """When a month closes, for whichever location."""
    return month.end + world.derivation.month_close_delay_ms


def _terms_when_made(claim: Claim, world: World) -> Terms:
    return world.account_calendar(claim.account_id).month_at(claim.created_at).terms
