"""Accounts as they are saved: a record for each ticket, and one for what was said of the account as a whole. An account
may have many tickets, and one of them changes at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.events import TicketEvent
from schemas.facts import Fact
from streams.engine import Held, Loop
from streams.folds.chain import BETWEEN_FOLDS
from streams.ledger import records
from streams.ledger.records import SavedTicket

Said = dict[str, list[Fact]]
"""Facts by topic."""


@dataclass
class SavedAccount:
    """What was read of an account so far."""

    tickets: list[SavedTicket] = field(default_factory=list)
    said: dict[str, msgspec.Raw] = field(default_factory=dict)


def saved(desk: Loop, tickets: Iterable[tuple[str, str]], facts: Iterable[Fact]) -> Iterator[tuple[bytes, bytes]]:
    """The records of the tickets (by account) of which something new was taken in or said, and of their accounts."""
    public = {fold.fact for fold in desk.folds} - {*BETWEEN_FOLDS}
    said = [fact for fact in facts if type(fact) in public]
    changed: dict[str, set[str]] = defaultdict(set)
    for account_id, ticket_id in (*tickets, *((fact.key, _ticket_id(fact)) for fact in said if _is_of_ticket(fact))):
        changed[account_id].add(ticket_id)
    for account_id, ticket_ids in changed.items():
        yield from _saved_tickets(desk.keys[account_id], account_id, ticket_ids)
    for account_id in {fact.key for fact in said if not _is_of_ticket(fact)}:
        whole = _by_topic(fact for fact in _public(desk.keys[account_id]) if not _is_of_ticket(fact))
        yield records.key_of("account", account_id), records.account_record(whole)


def restore(desk: Loop, account_id: str, account: SavedAccount) -> Held:
    """Hold an account as it was saved."""
    parts = (*(ticket.said for ticket in account.tickets), account.said)
    said = [fact for fold in desk.folds for part in parts for fact in _loaded(fold.fact, part)]
    return _hold(desk, account_id, (event for ticket in account.tickets for event in ticket.events), said)


def _hold(desk: Loop, account_id: str, events: Iterable[TicketEvent], said: Iterable[Fact]) -> Held:
    """Hold of an account that these are the events of its tickets, and that this was said of them."""
    public = _by_topic(said)
    states = tuple(fold.empty() for fold in desk.folds)
    for event in events:
        desk.folds[0].absorb(states[0], event, 0)
    published: list[tuple[Fact, ...]] = []
    for fold, state in zip(desk.folds, states, strict=True):
        told = fold.derive(account_id, state, None) if fold.fact in BETWEEN_FOLDS else public[fold.fact.TOPIC]
        published.append(tuple(told))
        for reader, its_state in zip(desk.folds, states, strict=True):
            if fold.fact.TOPIC in reader.reads:
                for fact in told:
                    reader.absorb(its_state, fact, 0)
    held = desk.keys[account_id] = Held(account_id, None, states, tuple(published))
    return held


def _saved_tickets(held: Held, account_id: str, ticket_ids: set[str]) -> Iterator[tuple[bytes, bytes]]:
    of_tickets: dict[str, list[Fact]] = defaultdict(list)
    for fact in _public(held):
        if _is_of_ticket(fact):
            of_tickets[_ticket_id(fact)].append(fact)
    for ticket_id in ticket_ids:
        events = held.states[0].by_ticket[ticket_id].values()
        record = records.ticket_record(events, _by_topic(of_tickets[ticket_id]))
        yield records.key_of("ticket", account_id, ticket_id), record


def _public(held: Held) -> Iterator[Fact]:
    return (fact for facts in held.published for fact in facts if not isinstance(fact, BETWEEN_FOLDS))


def _is_of_ticket(fact: Fact) -> bool:
    return "ticket_id" in fact.__struct_fields__


def _ticket_id(fact: Fact) -> str:
    return fact.ticket_id  # type: ignore[attr-defined, no-any-return]


def _by_topic(facts: Iterable[Fact]) -> Said:
    said: Said = defaultdict(list)
    for fact in facts:
        said[fact.TOPIC].append(fact)
    return said


def _loaded(kind: type[Fact], said: Mapping[str, msgspec.Raw]) -> tuple[Fact, ...]:
    return kind.load(bytes(said[kind.TOPIC])) if kind.TOPIC in said else ()
