"""`billing_credits`: an issued credit -> what the ledger holds of it (CR-2, I-18, I-19; semantics §5).

The ledger is no current fact: what was published stays, and what changed is added. `following` says what a writer must
add. A replay says the shortest chain, as if everything had been known when the credit was issued; the ledger's writer
goes on from the chain that there is.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from schemas.events import Reconciliation
from schemas.facts import BillingCredit, Credit, Fact
from schemas.facts.fact import named
from streams.engine import Fold, Partition, untold
from streams.folds.credits import issued_at
from streams.folds.world import World

FOLD_VERSION = 1

CLAIMED = "claimed by ticket {}"
CLAIMED_BY_PROVIDER = "claimed by the provider for the customer"
CORRECTED = "the month was corrected"
RECONCILED = "{}; reconciled by {}: {} (reconciliation {})"

Chain = tuple[BillingCredit, ...]


class Owed(NamedTuple):
    """A location's credits by account and month, of each the newest, a retracted one included; and what the ledger
    holds of each, in order."""

    credits: dict[tuple[str, str], Credit]
    chains: dict[tuple[str, str], Chain]


_SAVED = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw])


class Billing(Fold):
    """The fold: the shortest chain."""

    fact: ClassVar[type[Fact]] = BillingCredit
    version: ClassVar = FOLD_VERSION
    reads: ClassVar = frozenset({Credit.TOPIC})

    world: World

    def empty(self) -> Owed:
        return Owed({}, {})

    def absorb(self, owed: Owed, credit: Credit, now: int) -> bool:
        owed.credits[credit.account_id, credit.month] = credit
        return True

    def derive(self, key: str, owed: Owed, partition: Partition) -> Sequence[BillingCredit]:
        entries = (following(credit, (), self.world) for credit in owed.credits.values())
        return [entry for entry in entries if entry is not None]

    def save(self, owed: Owed, told: Sequence[Fact]) -> Any:
        return untold(owed.credits.values(), told), [entry for chain in owed.chains.values() for entry in chain]

    def load(self, saved: bytes) -> Owed:
        earned, entries = _SAVED.decode(saved)
        owed = Owed({(credit.account_id, credit.month): credit for credit in Credit.load(earned)}, {})
        for entry in BillingCredit.load(entries):
            _append(owed, entry)
        return owed


class Ledger(Billing):
    """The fold of the one who writes the ledger: what was said stays, and what a chain needs is added to it."""

    holds = False
    """Whether nothing is added for the time being. Nothing is lost: it is added when that ends."""

    def derive(self, key: str, owed: Owed, partition: Partition) -> Sequence[BillingCredit]:
        for place, credit in owed.credits.items():
            entry = None if self.holds else following(credit, owed.chains.get(place, ()), self.world)
            if entry is not None:
                _append(owed, self._because(entry, owed.chains.get(place, ())))
        return [entry for chain in owed.chains.values() for entry in chain]

    def _because(self, entry: BillingCredit, chain: Chain) -> BillingCredit:
        """An entry with the reason of who had its month reconciled."""
        record = reconciliation_behind(entry, chain, self.world)
        if record is None:
            return entry
        reason = RECONCILED.format(entry.reason, record.author, record.reason, record.reconciliation_id)
        return msgspec.structs.replace(entry, reason=reason)

    def is_behind(self, owed: Owed) -> bool:
        """Whether some chain does not add up to what is owed."""
        return any(
            days_owed(credit) != sum(entry.days for entry in owed.chains.get(place, ()))
            for place, credit in owed.credits.items()
        )


def _append(owed: Owed, entry: BillingCredit) -> None:
    place = entry.account_id, entry.month
    owed.chains[place] = (*owed.chains.get(place, ()), entry)


def days_owed(credit: Credit) -> int:
    """What the entries of a credit's chain must add up to."""
    return credit.credit_days if credit.state == "issued" and not credit.retracted else 0


def following(credit: Credit, chain: Chain, world: World) -> BillingCredit | None:
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
        applies_to=chain[0].applies_to
        if chain
        else _applies_to(credit, world),  # a correction goes where it was booked
        final_at=credit.final_at,
    )


def reconciliation_behind(entry: BillingCredit, chain: Chain, world: World) -> Reconciliation | None:
    """The one for which an entry is added to a chain: the newest that names the month, until the chain has once come to
    the days that it named."""
    told = world.registry.told(entry.location_id, entry.account_id, entry.month)
    if not told:
        return None
    record, month = told[-1]
    sums = (sum(each.days for each in chain[:n]) for n in range(month["entries"], len(chain) + 1))
    return None if month["days"] in sums else record


def is_whole(chain: Sequence[BillingCredit]) -> bool:
    """Whether a chain, in order of its places, has every place once, and each entry corrects the one before it."""
    before = [None, *(entry.id for entry in chain)]
    return all(entry.n == n and entry.corrects == before[n - 1] for n, entry in enumerate(chain, 1))


def _reason(credit: Credit) -> str:
    return CLAIMED.format(credit.claim_ticket_id) if credit.claim_ticket_id else CLAIMED_BY_PROVIDER


def _applies_to(credit: Credit, world: World) -> Any:
    """What the terms say; of an account that was closed when the credit was issued, what they say of such."""
    month = world.account_calendar(credit.account_id).month(credit.month)
    at = issued_at(credit.claimed_at or 0, month, world)
    account = world.registry.at("account", credit.account_id, at)
    is_closed = account is not None and account.closed_at is not None and account.closed_at <= at
    return month.terms.claims.closed_account if is_closed else month.terms.credits.applied_to
