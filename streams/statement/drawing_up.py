"""From a replay to a statement."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from schemas.derivation import Derivation
from schemas.facts import Availability, BillingCredit, ClaimAnswer, Fact, ResponseMonth, TicketResponse
from schemas.terms.stated import stated
from streams.audit.replay import Replay
from streams.calendars import Month
from streams.folds.world import World
from streams.statement.content import Agreed, Agreement, Place, Responses, Statement, Status
from streams.statement.place import place, records

PRIORITIES = ("urgent", "medium", "low", "all")
WINDOWS = ("contact", "other", "all")


class NothingToStateError(ValueError):
    """One line that says why there is no such statement."""


def draw_up(
    audit: Replay,
    account_id: str,
    month_name: str,
    facts: Iterable[Fact],
    published: Iterable[BillingCredit] | None = None,
) -> Statement:
    """The statement of an account; `facts` are what the replay tells of it, whoever else's there are besides.

    `published` is the ledger as it is; None: nobody looked, and the shortest chains are told. Raises
    NothingToStateError, and ValueError for a month that does not exist.
    """
    facts, world = [*facts] if published is None else _with_ledger(facts, published), audit.world
    now = _now(world)
    _refuse_unknown(account_id, audit)
    month = world.account_calendar(account_id).month(month_name)
    if now <= month.start:
        raise NothingToStateError(f"{month_name} has not begun in what was read")
    locations = _places(account_id, month, now, facts, audit)
    claims = _claims(account_id, month, facts)
    responses = _responses(account_id, month_name, facts)
    final_at = world.derivation.final_at(month.end)
    account = world.registry.at("account", account_id, min(now, month.end) - 1)
    return Statement(
        account_id=account_id,
        account_name=None if account is None else account.name,
        month=month_name,
        zone=month.terms.month_zone,
        starts_at=month.start,
        ends_at=month.end,
        status=_status(now, month, world.derivation),
        as_of=min(now, max([final_at, *(one.credit.claim_deadline for one in locations if one.credit)])),
        closes_at=world.derivation.closes_at(month.end),
        final_at=final_at,
        until=audit.until,
        terms=_agreement(month, has_tickets=responses.has_any),
        ledger_as="derived" if published is None else "published",
        locations=locations,
        claims=claims,
        responses=responses,
        **_derived_with([*_stated(locations), *claims, *responses.months, *responses.missed, *responses.pending]),
    )


def _with_ledger(facts: Iterable[Fact], published: Iterable[BillingCredit]) -> list[Fact]:
    """The facts, with the ledger as it is in place of the shortest chains."""
    return [*(fact for fact in facts if not isinstance(fact, BillingCredit)), *published]


def _now(world: World) -> int:
    """The time that every partition has reached; of a file of tickets alone, theirs."""
    now = world.desk_time
    if now is None:
        raise NothingToStateError("what was read brings no time: it has neither heartbeats nor tickets")
    return now


def _refuse_unknown(account_id: str, audit: Replay) -> None:
    known = audit.world.registry.versions("account", account_id) or account_id in audit.chain.desk.keys
    if not known and not audit.locations_of(account_id):
        raise NothingToStateError(f"there is no account {account_id}: it has no record, no location and no ticket")


def _status(now: int, month: Month, derivation: Derivation) -> Status:
    if now < month.end:
        return "running"
    if now < derivation.closes_at(month.end):
        return "ended"
    return "closed" if now < derivation.final_at(month.end) else "final"


def _places(account_id: str, month: Month, now: int, facts: Sequence[Fact], audit: Replay) -> tuple[Place, ...]:
    """The locations that the account had in the month so far, or was credited for; by id."""
    by_location: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_location[getattr(fact, "location_id", None) or ""].append(fact)
    registry, end = audit.world.registry, min(now, month.end)
    had = {
        location_id
        for location_id in audit.locations_of(account_id)
        for tenure in registry.tenures(location_id)
        if tenure.account_id == account_id and tenure.since < end and tenure.until > month.start
    }
    had |= {  # one that stands in a partition whose time is ahead of the others', or was said to be the account's once
        fact.location_id
        for fact in facts
        if isinstance(fact, Availability | BillingCredit) and (fact.account_id, fact.month) == (account_id, month.name)
    }
    known = (records(location_id, by_location[location_id], audit) for location_id in sorted(had))
    return tuple(place(account_id, month, each, audit) for each in known)


def _claims(account_id: str, month: Month, facts: Iterable[Fact]) -> tuple[ClaimAnswer, ...]:
    """The account's claims for the month, and those that name none and were made in it; in order of time."""
    answers = (fact for fact in facts if isinstance(fact, ClaimAnswer) and fact.account_id == account_id)
    of_month = (
        each
        for each in answers
        if each.month == month.name or (each.month is None and month.start <= each.claimed_at < month.end)
    )
    return tuple(sorted(of_month, key=lambda answer: (answer.claimed_at, answer.ticket_id)))


def _responses(account_id: str, month: str, facts: Sequence[Fact]) -> Responses:
    whose = account_id, month
    rows = [fact for fact in facts if isinstance(fact, ResponseMonth) and (fact.account_id, fact.month) == whose]
    tickets = [fact for fact in facts if isinstance(fact, TicketResponse) and (fact.account_id, fact.month) == whose]
    tickets.sort(key=lambda ticket: ticket.order)
    counted = [ticket for ticket in tickets if ticket.counted in ("total", "apart")]
    return Responses(
        months=tuple(sorted(rows, key=lambda row: (PRIORITIES.index(row.priority), WINDOWS.index(row.window)))),
        missed=tuple(ticket for ticket in counted if ticket.outcome == "missed"),
        pending=tuple(ticket for ticket in counted if ticket.outcome == "pending"),
        left_out=dict(sorted(Counter(ticket.counted for ticket in tickets if ticket not in counted).items())),
        holidays=tuple(sorted({ticket.holidays for ticket in tickets})),
    )


def _agreement(month: Month, *, has_tickets: bool) -> Agreement:
    """The terms, without what judges calls; and what judges tickets only where there are any."""
    terms = month.terms
    values = (
        Agreed(key=one.key, value=one.value, clauses=one.clauses, meaning=one.meaning)
        for one in stated(terms)
        if not one.key.startswith("fair_use.") and (has_tickets or not one.key.startswith("response."))
    )
    return Agreement(
        reference=terms.reference,
        series=terms.series,
        effective=terms.effective.isoformat(),
        notified=terms.notified.isoformat(),
        before_effective=month.terms_before_effective,
        values=tuple(values),
    )


def _stated(locations: Sequence[Place]) -> list[Fact]:
    """The entries first: they may have been published by folds and settings that no longer are."""
    entries = [entry for one in locations for entry in one.ledger]
    facts = (fact for one in locations for fact in (one.availability, one.credit))
    return [*entries, *(fact for fact in facts if fact is not None)]


def _derived_with(facts: Iterable[Fact]) -> dict[str, dict[str, int]]:
    """With which folds and which settings the facts were derived."""
    versions: dict[str, int] = {}
    settings: dict[str, int] = {}
    for fact in facts:
        versions[fact.TOPIC] = fact.fold_version
        settings |= fact.settings
    return {"fold_versions": dict(sorted(versions.items())), "settings": dict(sorted(settings.items()))}
