"""Of a recording that was read, what an id needs: the facts of the location that it is about, and of the accounts."""

from collections.abc import Iterable

from schemas.facts import BillingCredit, Fact
from schemas.terms.cited import TermsText
from streams.audit.explain.derived import Derived
from streams.audit.explain.subjects import names_of, subjects
from streams.audit.replay import Replay
from streams.audit.shares import derived_in_shares
from streams.folds.claim_answers import ClaimAnswers
from streams.folds.credits import Asked


def derived(
    audit: Replay, asked: str, text: TermsText, *, processes: int = 1, published: Iterable[BillingCredit] = ()
) -> Derived:
    """What follows, as far as an id may name it. The audit must have read everything, and not have been asked.

    `published` are the ledger's entries as they are; without them the shortest chains are told.
    """
    audit.end()
    facts: list[Fact] = [*audit.settle_desk()]
    tickets = {names_of(fact) for subject in subjects(facts, asked) for fact in subject.facts}
    if audit.location is not None:
        return Derived(audit.chain, [*facts, *audit.derived(audit.concerns)], text, published)
    if tickets:
        places = _claimed_places(audit, {names[0] for names in tickets})
        return Derived(audit.chain, [*facts, *audit.derived(places.__contains__)], text, published)
    if processes == 1:
        return Derived(audit.chain, [*facts, *audit.derived(audit.concerns)], text, published)
    found = subjects(derived_in_shares(audit, processes), asked)
    places = {fact.key for subject in found for fact in subject.facts}
    return Derived(audit.chain, [*facts, *audit.derived(places.__contains__)], text, published)


def _claimed_places(audit: Replay, names: set[str]) -> set[str]:
    """Where the claims are judged that these tickets make."""
    place = next(at for at, fold in enumerate(audit.chain.loop.folds) if isinstance(fold, ClaimAnswers))
    found = set()
    for key, held in audit.chain.loop.keys.items():
        state: Asked = held.states[place]
        if any(f"ticket/{account_id}/{ticket_id}" in names for account_id, ticket_id in state.claims):
            found.add(key)
    return found
