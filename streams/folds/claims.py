"""Claims: an account's tickets -> what the customer claims (CR-3; semantics §5). They leave no process: the credits and
the answers to claims follow from them.

A claim is a ticket of the type `credit_claim` that the customer wrote, or somebody on the customer's behalf.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from schemas.facts import Fact
from schemas.facts.fact import Instant
from schemas.terms.model import Terms
from streams.engine import Fold, Partition, untold
from streams.folds.tickets import Ticket, Writing
from streams.folds.world import World


class Claim(Fact, frozen=True, kw_only=True):
    """A claim for the credit of an account, location and month, as far as it names them."""

    TOPIC: ClassVar = "claim"
    KEY: ClassVar = "account_id"
    IDENTITY: ClassVar = ("account_id", "ticket_id", "location_id")

    account_id: str
    ticket_id: str
    location_id: str | None
    month: str | None
    created_at: Instant
    writings: tuple[Writing, ...]

    @property
    def place(self) -> str:
        """The key under which it is judged: its location, or, while it names none, its account."""
        return self.location_id or self.account_id

    def claimed_at(self, terms: Terms) -> int | None:
        """When it was made in writing (CR-3); None: not yet. Who names no channel has written."""
        channels = (None, *terms.claims.written_channels)
        return next((writing.at for writing in self.writings if writing.channel in channels), None)


class Claims(Fold):
    """The fold: a state is an account's tickets that may be claims."""

    fact: ClassVar[type[Fact]] = Claim
    reads: ClassVar = frozenset({Ticket.TOPIC})

    world: World

    def empty(self) -> dict[str, Ticket]:
        return {}

    def absorb(self, tickets: dict[str, Ticket], ticket: Ticket, now: int) -> bool:
        known, claims = tickets.pop(ticket.ticket_id, None), _claims(ticket)
        if claims:
            tickets[ticket.ticket_id] = ticket
        return known is not None or claims

    def derive(self, key: str, tickets: dict[str, Ticket], partition: Partition) -> Sequence[Claim]:
        return [*map(claim, tickets.values())]

    def save(self, tickets: dict[str, Ticket], told: Sequence[Fact]) -> Any:
        return untold(tickets.values(), told)

    def load(self, saved: bytes) -> dict[str, Ticket]:
        return {ticket.ticket_id: ticket for ticket in Ticket.load(saved)}


def _claims(ticket: Ticket) -> bool:
    return ticket.ticket_type == "credit_claim" and ticket.asked and not ticket.retracted


def claim(ticket: Ticket) -> Claim:
    return Claim(
        terms="",
        fold_version=0,
        settings={},
        account_id=ticket.account_id,
        ticket_id=ticket.ticket_id,
        location_id=ticket.location_id,
        month=ticket.month,
        created_at=ticket.created_at,
        writings=ticket.writings,
    )


def keep_claim(claims: dict[tuple[str, str], Claim], claim: Claim) -> bool:
    """Keep what was said last of a claim, or drop one that is no longer here; whether that is new."""
    identity = claim.account_id, claim.ticket_id
    known = claims.pop(identity, None)
    if not claim.retracted:
        claims[identity] = claim
    return known != claims.get(identity)


def of_month(claims: Iterable[Claim], account_id: str, location_id: str, month: str) -> list[Claim]:
    """The claims for one credit."""
    wanted = account_id, location_id, month
    return [claim for claim in claims if (claim.account_id, claim.location_id, claim.month) == wanted]
