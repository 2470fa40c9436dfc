"""An entry of the ledger: what was owed, what had been written, and the change that made the two agree (CR-2, CR-3,
I-18, I-19; semantics §5)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemas.events import Reconciliation
from schemas.facts import BillingCredit, Credit
from schemas.facts.fact import named
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Number, counted, days, equals
from streams.audit.explain.derived import Derived
from streams.audit.explain.step import Explanation, Input, Step
from streams.folds.billing import CLAIMED, CLAIMED_BY_PROVIDER, CORRECTED, days_owed, is_whole
from streams.folds.credits import issued_at


class Case(NamedTuple):
    """An entry that is explained, the chain that it stands in, and the credit that is owed; None: there is none."""

    derived: Derived
    fact: BillingCredit
    chain: Sequence[BillingCredit]
    credit: Credit | None

    @property
    def owed(self) -> int:
        return 0 if self.credit is None else days_owed(self.credit)


def explain_entry(derived: Derived, fact: BillingCredit) -> Explanation:
    place = {"account_id": fact.account_id, "location_id": fact.location_id, "month": fact.month}
    chain = sorted(derived.all(BillingCredit, **place), key=lambda entry: entry.n)
    case = Case(derived, fact, chain, next(iter(derived.all(Credit, **place)), None))
    name = f"billing/{fact.account_id}/{fact.location_id}/{fact.month}/{fact.n}"
    return Explanation(
        kind="billing",
        id=fact.id,
        name=name,
        title=f"Ledger entry {fact.n} of {fact.account_id} for {fact.month} at {fact.location_id}",
        fact=fact,
        steps=[
            _owed(case),
            _chain(case),
            _change(case),
            *_sum(case),
            _applies(case),
            Step(what="Its id is a UUIDv5 of its name", words=[name], gives={"id": named(name)}),
        ],
    )


def _owed(case: Case) -> Step:
    fact, credit = case.fact, case.credit
    name = f"credit/{fact.account_id}/{fact.location_id}/{fact.month}"
    if credit is None:
        words = ["The month owes nothing: there is no credit for it."]
    else:
        words = [f"The credit is {credit.state}: {counted(credit.credit_days, 'day')}. What is not issued is not owed."]
    terms = case.derived.calendar(fact.account_id).month(fact.month).terms
    return Step(
        what=f"What is owed now: {counted(case.owed, 'day')}",
        words=words,
        clauses=[case.derived.cite("CR-1", terms), case.derived.cite("I-19", terms)],
        inputs=[Input(f"credit {named(name)}")],
    )


def _chain(case: Case) -> Step:
    words = [
        f"{entry.n}. {entry.type}, days {entry.days:+}: {entry.reason}, entry {entry.id}"
        + (f", which corrects {entry.corrects}." if entry.corrects else ".")
        for entry in case.chain
    ]
    if case.derived.is_published(case.fact):
        words.insert(0, "As it was published:")
    else:
        words.insert(
            0,
            "The shortest chain, as if all had been known when it was issued; more entries may have been published.",
        )
    doubts = (
        []
        if is_whole(case.chain)
        else ["the chain has a gap, or an entry that corrects another than the one before it"]
    )
    place = [entry.id for entry in case.chain].index(case.fact.id)
    before = case.chain[place - 1].id if place else None
    return Step(
        what="The chain that it stands in",
        words=words,
        gives={"n": place + 1, "corrects": before},
        doubts=doubts,
    )


def _change(case: Case) -> Step:
    """What was owed when it was written is what the chain adds up to with it."""
    before = [entry.days for entry in case.chain if entry.n < case.fact.n]
    is_last = case.fact.n == len(case.chain)
    target = case.owed if is_last else sum(before) + case.fact.days
    change = days(target) - _added(before).found
    kind = "credit.issued" if not before else "credit.adjusted" if target else "credit.reversed"
    when = "now" if is_last else "when it was written, by the entry itself"
    terms = case.derived.calendar(case.fact.account_id).month(case.fact.month).terms
    records = _reconciled(case)
    return Step(
        what=f"The change in days: {case.fact.days:+}",
        words=[
            f"What was owed {when}, less what the entries before it add up to.",
            *(
                f"It was written because {record.author} had the month reconciled: {record.reason}"
                for record in records
            ),
        ],
        inputs=[inputs.record(record) for record in records],
        clauses=[case.derived.cite("I-18", terms)] if before else [],
        arithmetic=[equals("the entries before it", _added(before)), equals("the change", change)],
        gives={"days": int(change.value), "type": kind},
    )


def _reconciled(case: Case) -> list[Reconciliation]:
    """The reconciliation that its reason names."""
    records = case.derived.world.registry.reconciliations(case.fact.location_id)
    return [record for record in records if f"(reconciliation {record.reconciliation_id})" in case.fact.reason]


def _sum(case: Case) -> Iterator[Step]:
    whole = _added([entry.days for entry in case.chain])
    doubts = [] if whole.value == case.owed else [f"the chain adds up to {whole.value} days, owed are {case.owed}"]
    yield Step(
        what="The whole chain adds up to what is owed",
        arithmetic=[equals("days of all entries", whole)],
        doubts=doubts,
    )


def _applies(case: Case) -> Step:
    """What the entry applies to; one that was published says what was known when it was written."""
    fact, derived = case.fact, case.derived
    month = derived.calendar(fact.account_id).month(fact.month)
    gives: dict[str, object] = {"final_at": derived.world.derivation.final_at(month.end)}
    words = ["Future payments of the account, never a refund and never another account or location."]
    found: list[Input] = []
    if case.credit is not None and not derived.is_published(fact):
        issued = issued_at(case.credit.claimed_at or 0, month, derived.world)
        account = derived.world.registry.at("account", fact.account_id, issued)
        is_closed = account is not None and account.closed_at is not None and account.closed_at <= issued
        if is_closed:
            words = [f"The account was closed when it was issued, {inputs.instant(issued)}: billing decides."]
        found = [inputs.record(account)] if account is not None else []
        claims, credits_ = month.terms.claims, month.terms.credits
        gives["applies_to"] = claims.closed_account if is_closed else credits_.applied_to
        ticket_id = case.credit.claim_ticket_id
        gives["reason"] = CORRECTED if fact.n > 1 else CLAIMED.format(ticket_id) if ticket_id else CLAIMED_BY_PROVIDER
    return Step(
        what=f"It applies to: {fact.applies_to}",
        words=words,
        clauses=[derived.cite("CR-2", month.terms), derived.cite("CR-3", month.terms, "claims.closed_account")],
        inputs=found,
        gives=gives,
    )


def _added(counts: Sequence[int]) -> Number:
    whole = days(counts[0] if counts else 0)
    for count in counts[1:]:
        whole = whole + days(count) if count >= 0 else whole - days(-count)
    return whole
