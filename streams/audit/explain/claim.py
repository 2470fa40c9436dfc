"""The answer to a claim: when it was made, and the answers in the order in which they are tried (CR-3, I-8, I-17;
semantics §5)."""

from collections.abc import Iterator, Sequence

from schemas.facts import Availability, ClaimAnswer
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import at, compared, counted
from streams.audit.explain.claimed import made_at, writings
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Explanation, Step
from streams.audit.explain.windows import Window, cited, windows
from streams.folds.claim_answers import ClaimAnswers, Trial, claimed_month, terms_for, trials
from streams.folds.claims import Claim
from streams.folds.credits import Asked, Judgement


def explain_claim(derived: Derived, fact: ClaimAnswer) -> Explanation:
    asked: Asked = derived.of_location(ClaimAnswers, fact.location_id or fact.account_id)
    claim = asked.claims[fact.account_id, fact.ticket_id]
    judged = derived.fold(ClaimAnswers).judged(asked)
    return Explanation(
        kind="claim",
        id=f"{fact.account_id}/{fact.ticket_id}",
        name=None,
        title=f"What {fact.account_id} is told about its claim {fact.ticket_id}",
        fact=fact,
        steps=[
            _made(derived, claim),
            *_windows(derived, claim),
            _month(derived, claim, judged),
            *_tried(derived, claim, judged),
        ],
    )


def _made(derived: Derived, claim: Claim) -> Step:
    """What is claimed, and when that was made in writing."""
    terms = terms_for(claim, derived.world)
    made = made_at(claim, terms)
    words = [f"It claims the month {claim.month or '(none)'} at {claim.location_id or '(no location)'}."]
    if made is None:
        words.append("It was made by a channel that is not writing; until it is written down its own creation counts.")
    else:
        words.append("It was made when the customer first wrote it. Who names no channel has written.")
    when = claim.created_at if made is None else made
    return Step(
        what=f"When it was made: {inputs.instant(when)}",
        words=words,
        clauses=[derived.cite("CR-3", terms, "claims.written_channels")],
        inputs=writings(derived, claim),
        gives={"claimed_at": when, "location_id": claim.location_id, "month": claim.month},
    )


def _windows(derived: Derived, claim: Claim) -> Iterator[Step]:
    """Until when the month may be claimed."""
    month = claimed_month(claim, derived.world)
    if month is None or claim.location_id is None:
        return
    own = _availability(derived, claim)
    lowest = own.lowest_tier_at if own else None
    found: Sequence[Window] = windows(month, lowest, own.corrections if own else ())
    yield Step(
        what="When a claim for that month counts",
        words=[window.words for window in found],
        clauses=cited(derived, month.terms),
        arithmetic=[line for window in found for line in window.lines],
    )


def _availability(derived: Derived, claim: Claim) -> Availability | None:
    """The account's own closed month, if it earned a credit."""
    place = {"account_id": claim.account_id, "location_id": claim.location_id, "month": claim.month}
    found = [fact for fact in derived.all(Availability, **place) if fact.closed]
    terms = terms_for(claim, derived.world)
    return next((fact for fact in found if terms.credit_days(fact.down_ms)), None)


def _month(derived: Derived, claim: Claim, judged: Sequence[Judgement]) -> Step:
    """What the month earned at the location, and for whom."""
    closed = [one for one in judged if one.month.month == claim.month]
    words = [
        f"{one.month.account_id} was down for {one.month.down_ms} ms there, which earns {counted(one.days, 'day')}"
        + ("." if one.accepted is None else f"; {one.accepted[1] or 'the provider'} claimed them.")
        for one in closed
    ]
    return Step(
        what="What the month earned there",
        words=words or ["No account has a closed month there of that name."],
        clauses=[derived.cite("CR-1", terms_for(claim, derived.world))],
    )


def _tried(derived: Derived, claim: Claim, judged: Sequence[Judgement]) -> Iterator[Step]:
    """Each answer as it was tried, to the first that holds."""
    terms = terms_for(claim, derived.world)
    for trial in trials(claim, judged, derived.world):
        yield Step(
            what=f"{trial.answer}? {'Yes' if trial.holds else 'No'}",
            words=[trial.asks, *([f"The customer is told: {trial.reason}."] if trial.holds else [])],
            clauses=[derived.cite("CR-3", terms)] if trial.holds else [],
            inputs=[derived.slowest()] if _goes_by_time(trial) else [],
            arithmetic=[compared(what, at(left), at(right)) for what, left, right in trial.instants],
            gives={"answer": trial.answer, "reason": trial.reason} if trial.holds else {},
        )
        if trial.holds:
            return


def _goes_by_time(trial: Trial) -> bool:
    return any(what.startswith("time") for what, _, _ in trial.instants)
