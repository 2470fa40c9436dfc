"""`claim_answers`: what a claim for a credit is told (CR-3, I-8, I-17; semantics §5)."""

from typing import ClassVar, Literal

from schemas.facts.fact import Fact, Instant

Answer = Literal[
    "accepted", "early", "too_late", "already_claimed", "no_credit", "not_yours", "please_write", "incomplete"
]


class ClaimAnswer(Fact, frozen=True, kw_only=True):
    """One for each claim; another revision where what is known of the month changes it."""

    TOPIC: ClassVar = "claim-answers"
    KEY: ClassVar = "account_id"
    IDENTITY: ClassVar = ("account_id", "ticket_id")

    ticket_id: str
    account_id: str
    location_id: str | None
    month: str | None
    claimed_at: Instant
    """When it was made: in writing, or, until it is written down, when the ticket was created."""
    answer: Answer
    reason: str
    """Why, in a sentence for the person who writes to the customer."""
