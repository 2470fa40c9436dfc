"""Merged tickets follow one another as somebody would who walked from each, whatever was asked before."""

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.engine import FOREVER
from streams.folds.merges import End, Merges
from streams.folds.tickets import Ticket, Turn


def a_ticket(ticket_id: str, **fields: tuple[Any, ...]) -> Ticket:
    empty: dict[str, Any] = {"priorities": (), "statuses": (), "merges": (), "closings": (), "reopenings": ()}
    said: dict[str, Any] = {"answers": (), "writings": (), "location_id": None, "month": None, "ticket_type": None}
    known: dict[str, Any] = {"account_id": "acme", "ticket_id": ticket_id, "created_at": 0, "asked": True}
    return Ticket(terms="", fold_version=0, settings={}, **(known | empty | said | fields))


def drawn(chance: Random, ticket_id: str) -> Ticket:
    merges = [Turn(chance.randrange(20), f"t{chance.randrange(7)}") for _ in range(chance.choice([0, 1, 1, 2]))]
    return a_ticket(
        ticket_id,
        merges=tuple(sorted(merges, key=lambda merge: merge.at)),
        closings=tuple(Turn(chance.randrange(20), "customer") for _ in range(chance.randrange(2))),
        answers=tuple(chance.randrange(20) for _ in range(chance.randrange(2))),
    )


def walked(ticket: Ticket, tickets: dict[str, Ticket], own: Callable[[Ticket], int]) -> int:
    """The earliest on the way from a ticket through those it follows, nobody twice; never before the merges."""
    earliest, since, seen = own(ticket), 0, {ticket.ticket_id}
    while ticket.merges and ticket.merges[0].value in tickets.keys() - seen:
        since = max(since, ticket.merges[0].at)
        ticket = tickets[ticket.merges[0].value]
        seen.add(ticket.ticket_id)
        earliest = min(earliest, max(own(ticket), since))
    return earliest


def ends(tickets: dict[str, Ticket]) -> dict[str, End]:
    return {
        name: End(walked(ticket, tickets, answered), walked(ticket, tickets, closed))
        for name, ticket in tickets.items()
    }


def answered(ticket: Ticket) -> int:
    return min(ticket.answers, default=FOREVER)


def closed(ticket: Ticket) -> int:
    return min((closing.at for closing in ticket.closings), default=FOREVER)


@given(st.randoms(use_true_random=False))
def test_a_ticket_ends_as_the_walk_from_it_says(chance: Random) -> None:
    merges, tickets = Merges(), dict[str, Ticket]()
    for _ in range(chance.randint(1, 20)):
        ticket = drawn(chance, f"t{chance.randrange(7)}")
        tickets[ticket.ticket_id] = ticket
        before = {name: merges.end(name) for name in merges.tickets}
        changed = merges.keep(ticket)
        for name in chance.sample(sorted(tickets), chance.randint(0, len(tickets))):
            assert merges.end(name) == ends(tickets)[name]
        after = {name: merges.end(name) for name in tickets}
        assert after == ends(tickets)
        assert {name for name, end in after.items() if before.get(name) != end} <= set(changed)


def test_a_long_chain_is_followed_to_its_end() -> None:
    merges, last = Merges(), 50_000
    for n in range(last):
        merges.keep(a_ticket(f"t{n}", merges=(Turn(n, f"t{n + 1}"),)))
    merges.keep(a_ticket(f"t{last}", answers=(7,)))
    assert merges.end("t0") == End(last - 1, FOREVER)
    assert merges.end("t3") == End(last - 1, FOREVER)
    assert merges.end(f"t{last}") == End(7, FOREVER)
