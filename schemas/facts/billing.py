"""`billing_credits`: the ledger of credit days, which billing turns into money (CR-2, I-18, I-19; semantics §5)."""

from typing import ClassVar, Literal

from schemas.facts.fact import Fact, Instant


class BillingCredit(Fact, frozen=True, kw_only=True):
    """An entry of the ledger. The days of all entries of an account, location and month add up to what is owed."""

    TOPIC: ClassVar = "billing-credits"
    KEY: ClassVar = "location_id"
    IDENTITY: ClassVar = ("id",)
    ORDER: ClassVar = ("month", "account_id", "n")

    id: str
    type: Literal["credit.issued", "credit.adjusted", "credit.reversed"]
    account_id: str
    location_id: str
    month: str
    n: int
    """Its place in the chain of its account, location and month, from 1 without a gap."""
    days: int
    """The signed change."""
    corrects: str | None
    """The id of the entry before it; null: it is the first."""
    reason: str
    applies_to: Literal["future_payments", "not_applicable"]
    """Never a refund and never another account or location (CR-2); `not_applicable`: the account was closed, and
    billing decides."""
    final_at: Instant
    """From then on nothing corrects it any more."""
