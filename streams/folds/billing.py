"""`billing_credits`: an issued credit -> what the ledger holds of it (CR-2, I-18, I-19; semantics §5).

The ledger is no current fact: what was published stays, and what changed is added. `following` says what a writer must
add; the fold, for a replay, says the shortest chain, as if everything had been known when the credit was issued.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from schemas.facts import BillingCredit, Credit, Fact
from schemas.facts.fact import named
from streams.engine import Fold, Partition, untold
from streams.folds.world import World

FOLD_VERSION = 1

CLAIMED = "claimed by ticket {}"
CLAIMED_BY_PROVIDER = "claimed by the provider for the customer"
CORRECTED = "the month was corrected"

Owed = dict[tuple[str, str], Credit]
"""A location's credits by account and month, of each the newest, a retracted one included."""


class Billing(Fold):
    """The fold: a state is the credits of a location."""

    fact: ClassVar[type[Fact]] = BillingCredit
    reads: ClassVar = frozenset({Credit.TOPIC})

    world: World

    def empty(self) -> Owed:
        return {}

    def absorb(self, owed: Owed, credit: Credit, now: int) -> bool:
        owed[credit.account_id, credit.month] = credit
        return True

    def derive(self, key: str, owed: Owed, partition: Partition) -> Sequence[BillingCredit]:
        entries = (following(credit, (), self.world) for credit in owed.values())
        return [entry for entry in entries if entry is not None]

    def save(self, owed: Owed, told: Sequence[Fact]) -> Any:
        return untold(owed.values(), told)

    def load(self, saved: bytes) -> Owed:
        return {(credit.account_id, credit.month): credit for credit in Credit.load(saved)}


def days_owed(credit: Credit) -> int:
    """What the entries of a credit's chain must add up to."""
    return credit.credit_days if credit.state == "issued" and not credit.retracted else 0


def following(credit: Credit, chain: Sequence[BillingCredit], world: World) -> BillingCredit | None:
    """The entry that a chain needs for its days to add up to what is owed; None where they do."""
    change = days_owed(credit) - sum(entry.days for entry in chain)
    if not change:
        return None
    n = len(chain) + 1
    return BillingCredit(
        terms=credit.terms,
        fold_version=FOLD_VERSION,
        settings=credit.settings,
        id=named(f"billing/{credit.account_id}/{credit.location_id}/{credit.month}/{n}"),
        type="credit.issued" if not chain else "credit.adjusted" if days_owed(credit) else "credit.reversed",
        account_id=credit.account_id,
        location_id=credit.location_id,
        month=credit.month,
        n=n,
        days=change,
        corrects=chain[-1].id if chain else None,
        reason=_reason(credit) if not chain else CORRECTED,
        applies_to=_applies_to(credit, world),
        final_at=credit.final_at,
    )


def _reason(credit: Credit) -> str:
    return CLAIMED.format(credit.claim_ticket_id) if credit.claim_ticket_id else CLAIMED_BY_PROVIDER


def _applies_to(credit: Credit, world: World) -> Any:
    """What the terms say; of an account that was closed when the credit could be issued, what they say of such."""
    terms = world.account_calendar(credit.account_id).month(credit.month).terms
    issued_at = max(credit.claimed_at or 0, credit.final_at - world.derivation.correction_horizon_ms)
    account = world.registry.at("account", credit.account_id, issued_at)
    is_closed = account is not None and account.closed_at is not None and account.closed_at <= issued_at
    return terms.claims.closed_account if is_closed else terms.credits.applied_to
