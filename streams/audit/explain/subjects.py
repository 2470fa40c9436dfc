"""What an id names: an outage, a proposal, a credit, a ledger entry, a month, a ticket, the responses of a month.

An id is a UUID, or what that is a UUIDv5 of; or it is made of the names that the fact itself has. Several facts may
have one: those of a ticket, and the months of all accounts that had a location.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from schemas.facts import (
    Availability,
    BillingCredit,
    ClaimAnswer,
    Credit,
    ExclusionProposal,
    Fact,
    LocationOutage,
    ResponseMonth,
    TicketResponse,
)
from schemas.facts.fact import named
from streams.audit.explain.billing import explain_entry
from streams.audit.explain.claim import explain_claim
from streams.audit.explain.credit import explain_credit
from streams.audit.explain.derived import Derived
from streams.audit.explain.month import explain_month
from streams.audit.explain.outage import explain_outage
from streams.audit.explain.proposal import explain_proposal
from streams.audit.explain.response import explain_response
from streams.audit.explain.response_month import explain_response_month
from streams.audit.explain.step import Explanation

EXPLAINED: dict[type[Fact], Callable[[Derived, Any], Explanation]] = {
    LocationOutage: explain_outage,
    ExclusionProposal: explain_proposal,
    Availability: explain_month,
    Credit: explain_credit,
    ClaimAnswer: explain_claim,
    BillingCredit: explain_entry,
    TicketResponse: explain_response,
    ResponseMonth: explain_response_month,
}

FORMS = (
    "LOCATION/2026-02 for a month, ACCOUNT/2026-02 for its responses, TICKET or ACCOUNT/TICKET for a response and the "
    "answer to a claim, or the UUID of an outage, a credit, an entry of the ledger or a proposal, or the name it is "
    "made of, such as billing/ACCOUNT/LOCATION/2026-02/1"
)

_MONTH = re.compile(r"(?:month/)?(?P<place>.+)/\d{4}-(0[1-9]|1[0-2])")
_LIKE_A_MONTH = re.compile(
    r"(?:19|20)\d\d[-/. ]\d{1,2}|\d{1,2}[-/. ](?:19|20)\d\d"
    r"|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?:[-/. ]*\d{4})?",
    re.IGNORECASE,
)
EXAMPLE = "2026-02"
_OF_UUIDS = ("outage/", "proposal/", "credit/", "billing/", "responses/", "ticket/")


class Subject(NamedTuple):
    """What one id names; `name` is an id that nothing else has."""

    name: str
    facts: Sequence[Fact]


class UnexplainedError(ValueError):
    """Nothing, or more than one thing, is called so; one line, or several."""


def explain(derived: Derived, asked: str, account: str | None = None) -> list[Explanation]:
    """What is explained of an id; an account narrows what several have. Raises UnexplainedError."""
    found = subjects(derived.facts, asked, account)
    if not found:
        if month := _unmonthly(asked):
            raise UnexplainedError(f"{month!r} is no month: one is written {EXAMPLE}, as in LOCATION/{EXAMPLE}")
        of = f" of account {account}" if account is not None else ""
        raise UnexplainedError(f"nothing{of} is known as {asked!r}. An id is {FORMS}")
    if len(found) > 1:
        names = "".join(f"\n  {subject.name}" for subject in found)
        raise UnexplainedError(f"{asked!r} names more than one thing. Say which:{names}")
    return [EXPLAINED[type(fact)](derived, fact) for fact in found[0].facts]


def subjects(facts: Iterable[Fact], asked: str, account: str | None = None) -> list[Subject]:
    """All that an id names, in the order of their names."""
    calls = _calls(asked)
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        names = names_of(fact)
        if calls & {*names} and account in (None, getattr(fact, "account_id", account)):
            found.setdefault(names[0], []).append(fact)
    for group in found.values():
        group.sort(key=lambda fact: (list(EXPLAINED).index(type(fact)), fact.order))
    return [Subject(name, group) for name, group in sorted(found.items())]


def names_of(fact: Fact) -> tuple[str, ...]:
    """What a fact is called; the first is called so alone. Empty for a fact that is not explained."""
    if isinstance(fact, LocationOutage):
        return (fact.outage_id,)
    if isinstance(fact, ExclusionProposal):
        return (fact.proposal_id,)
    if isinstance(fact, Credit):
        return (fact.credit_id,)
    if isinstance(fact, BillingCredit):
        return (fact.id,)
    if isinstance(fact, Availability):
        return (f"month/{fact.location_id}/{fact.month}", f"{fact.location_id}/{fact.month}")
    if isinstance(fact, ResponseMonth) and (fact.priority, fact.window) == ("all", "all"):
        return (f"responses/{fact.account_id}/{fact.month}", f"{fact.account_id}/{fact.month}")
    if isinstance(fact, TicketResponse | ClaimAnswer):
        return (f"ticket/{fact.account_id}/{fact.ticket_id}", f"{fact.account_id}/{fact.ticket_id}", fact.ticket_id)
    return ()


def location_in(asked: str) -> str | None:
    """The location that an id names: only what concerns it must be read. None: the id does not say."""
    match = None if asked.startswith(_OF_UUIDS) else _MONTH.fullmatch(asked)
    return match["place"] if match else None


def uuids_in(asked: str) -> list[str]:
    """The ids that may be meant: as it was given, and of what it is the name."""
    return sorted(_calls(asked))


def _unmonthly(asked: str) -> str | None:
    """The end of an id that looks as if a month was meant, and is none. A ticket may well be called so: this is for
    ids that nothing has."""
    if _MONTH.fullmatch(f"place/{asked}"):
        return None
    for end in (asked, *(asked.split("/", count)[-1] for count in range(1, asked.count("/") + 1))):
        if _LIKE_A_MONTH.fullmatch(end):
            return end
    return None


def _calls(asked: str) -> set[str]:
    try:
        given = str(UUID(asked))
    except ValueError:
        given = asked
    return {asked, given, named(asked)}
