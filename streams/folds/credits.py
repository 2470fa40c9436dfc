"""`credits`: an account's closed month at a location, and who claimed it -> the days it earned, and what became of them
(CR-1, CR-3, I-2, I-3, I-8, I-17, I-18; semantics §5).

It refuses to say anything about a month that is not closed, or that earned no days: such a credit is no current fact,
and one that was published before is withdrawn, or reversed if it was issued.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from schemas.events import RegistryRecord
from schemas.facts import Availability, Correction, Credit, Fact
from schemas.facts.fact import named
from schemas.terms.model import MINUTE_MS, Terms
from streams.calendars import Calendar, Month, deadline_after, eligible_at
from streams.engine import FOREVER, Fold, Partition, untold
from streams.folds.claims import Claim, keep_claim, of_month
from streams.folds.world import World
from streams.intervals import Interval

FOLD_VERSION = 2

_SAVED = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw])


class Asked(NamedTuple):
    """A location's months by account and month, of each the newest, a retracted one included; and the claims made for
    them, by account and ticket."""

    months: dict[tuple[str, str], Availability]
    claims: dict[tuple[str, str], Claim]
    earning: "Earning"


class Earning:
    """The closed months of a location that earned days, as they were judged; nearly all earn none. `again`: those of
    which something has changed since. `by`: the months of each account by which that was."""

    __slots__ = ("again", "by", "judged")

    def __init__(self) -> None:
        self.judged: dict[tuple[str, str], Judgement] = {}
        self.again: frozenset[tuple[str, str]] = frozenset()
        self.by: tuple[Calendar, ...] = ()


class Judgement(NamedTuple):
    """What follows for a closed month from the claims for it."""

    month: Availability
    calendar_month: Month
    windows: Sequence[Interval]
    """When a claim counts: from the month's begin, and again after each correction that raised the days (I-17)."""
    accepted: tuple[int, str] | None
    """When the claim that counts was made, and by which ticket: empty for the provider's own."""
    days: int

    @property
    def deadline(self) -> int:
        """The first instant that is too late: of the windows that were open before a claim was accepted the last."""
        until = FOREVER if self.accepted is None else self.accepted[0]
        return max(end for place, (start, end) in enumerate(self.windows) if place == 0 or start <= until)


class OfClaims(Fold):
    """A fold whose state is the months of a location and the claims for them."""

    reads: ClassVar = frozenset({Availability.TOPIC, Claim.TOPIC})
    by_slowest: ClassVar = True

    world: World

    def empty(self) -> Asked:
        return Asked({}, {}, Earning())

    def absorb(self, asked: Asked, event: Availability | Claim, now: int) -> bool:
        if isinstance(event, Claim):
            return keep_claim(asked.claims, event)
        identity = event.account_id, event.month
        known = asked.months.get(identity)
        if known is not None and known.version > event.version:
            return False
        asked.months[identity] = event
        return True

    def save(self, asked: Asked, told: Sequence[Fact]) -> Any:
        return untold(asked.months.values(), told), [*asked.claims.values()]

    def load(self, saved: bytes) -> Asked:
        saved_months, saved_claims = _SAVED.decode(saved)
        months = {(month.account_id, month.month): month for month in Availability.load(saved_months)}
        claims = {(claim.account_id, claim.ticket_id): claim for claim in Claim.load(saved_claims)}
        return Asked(months, claims, Earning())

    def concerns(self, key: str, asked: Asked, broadcast: Any) -> bool:
        """Whose terms are others, or whose account was closed."""
        accounts = {account_id for account_id, _ in (*asked.months, *asked.claims)}
        return (
            isinstance(broadcast, RegistryRecord) and broadcast.entity == "account" and broadcast.entity_id in accounts
        )

    def judged(self, asked: Asked) -> list[Judgement]:
        """Every closed month."""
        found = (judgement(month, asked.claims.values(), self.world) for month in asked.months.values())
        return [one for one in found if one is not None]


class Credits(OfClaims):
    """The fold. Credits expire by the time that every partition has reached."""

    fact: ClassVar[type[Fact]] = Credit
    version: ClassVar = FOLD_VERSION

    def absorb(self, asked: Asked, event: Availability | Claim, now: int) -> bool:
        is_new = super().absorb(asked, event, now)
        if is_new:
            about = asked.months if isinstance(event, Claim) else ((event.account_id, event.month),)
            asked.earning.again = asked.earning.again.union(about)
        return is_new

    def derive(self, key: str, asked: Asked, partition: Partition) -> Sequence[Credit]:
        return [credit(one, self.world) for one in self.earned(asked)]

    def due(self, key: str, asked: Asked, partition: Partition) -> int:
        """When the last window of a credit that nobody has claimed is over."""
        now = self.world.slowest or 0
        ends = (one.deadline - 1 for one in self.earned(asked) if one.accepted is None)
        return min((end for end in ends if end >= now), default=FOREVER)

    def earned(self, asked: Asked) -> list[Judgement]:
        """Every closed month that earned days. A location has ever more months, and few of them change."""
        earning = asked.earning
        accounts = dict.fromkeys(account_id for account_id, _ in asked.months)
        by = tuple(map(self.world.account_calendar, accounts))
        for identity in earning.again if by == earning.by else asked.months:
            one = judgement(asked.months[identity], asked.claims.values(), self.world)
            if one is not None and one.days:
                earning.judged[identity] = one
            else:
                earning.judged.pop(identity, None)
        earning.again, earning.by = frozenset(), by
        return [earning.judged[identity] for identity in asked.months if identity in earning.judged]

    def retract(self, fact: Credit) -> Credit:
        """Below the lowest tier before it was issued a credit is withdrawn, after that it is reversed."""
        state = "reversed" if fact.state == "issued" else "withdrawn"
        return msgspec.structs.replace(fact, state=state, credit_days=0, retracted=True)


def judgement(month: Availability, claims: Iterable[Claim], world: World) -> Judgement | None:
    """None for a month that is not closed, or no longer said."""
    if month.retracted or not month.closed:
        return None
    calendar_month = world.account_calendar(month.account_id).month(month.month)
    terms = calendar_month.terms
    steps = month.corrections or (Correction(month.as_of, month.down_ms),)
    windows = claim_windows(calendar_month, month.lowest_tier_at, steps)
    accepted = earliest(of_month(claims, month.account_id, month.location_id, month.month), windows, terms)
    if terms.claims.auto_claim:
        eligible = eligible_at(calendar_month, month.lowest_tier_at)
        accepted = min(accepted or (eligible, ""), (eligible, ""))
    days = terms.credit_days(month.down_ms)
    if accepted is not None and terms.credits.corrections_after_issue == "never":
        days = _never_less(steps, issued_at(accepted[0], calendar_month, world), terms)
    return Judgement(month, calendar_month, windows, accepted, days)


def issued_at(claimed_at: int, month: Month, world: World) -> int:
    """When what was claimed is issued: not before the month is closed."""
    return max(claimed_at, world.derivation.closes_at(month.end))


def claim_windows(month: Month, lowest_tier_at: int | None, steps: Sequence[Correction]) -> list[Interval]:
    """When a claim counts. One that was made before its month began never does."""
    terms = month.terms
    windows = [(month.start, deadline_after(eligible_at(month, lowest_tier_at), terms))]
    if terms.claims.late_eligibility == "new_window":
        days = [terms.credit_days(step.down_ms) for step in steps]
        windows += [
            (step.recorded_at, deadline_after(step.recorded_at, terms))
            for step, before, after in zip(steps[1:], days, days[1:], strict=False)
            if after > before
        ]
    return windows


def earliest(claims: Iterable[Claim], windows: Sequence[Interval], terms: Terms) -> tuple[int, str] | None:
    """Of the written claims that were made in a window the first: when, and by which ticket."""
    made = ((claim.claimed_at(terms), claim.ticket_id) for claim in claims)
    counting = ((at, ticket_id) for at, ticket_id in made if at is not None and is_within(at, windows))
    return min(counting, default=None)


def is_within(at: int, windows: Iterable[Interval]) -> bool:
    return any(start <= at < end for start, end in windows)


def _never_less(steps: Sequence[Correction], issued: int, terms: Terms) -> int:
    """The days when they were issued, or those of a later correction if it raised them (I-18, read the other way)."""
    first = max((place for place, step in enumerate(steps) if step.recorded_at <= issued), default=0)
    return max(terms.credit_days(step.down_ms) for step in steps[first:])


def credit(judged: Judgement, world: World) -> Credit:
    """The credit that a month's availability earned."""
    month, calendar_month, accepted = judged.month, judged.calendar_month, judged.accepted
    is_over = (world.slowest or 0) >= judged.deadline
    return Credit(
        terms=month.terms,
        fold_version=FOLD_VERSION,
        settings=month.settings,
        credit_id=named(f"credit/{month.account_id}/{month.location_id}/{month.month}"),
        account_id=month.account_id,
        location_id=month.location_id,
        month=month.month,
        downtime_minutes=month.down_ms // MINUTE_MS,
        credit_days=judged.days,
        state="issued" if accepted is not None else "expired" if is_over else "eligible",
        eligible_at=eligible_at(calendar_month, month.lowest_tier_at),
        claim_deadline=judged.deadline,
        claimed_at=None if accepted is None else accepted[0],
        claim_ticket_id=(accepted[1] or None) if accepted is not None else None,
        final_at=month.final_at,
    )
