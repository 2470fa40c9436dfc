"""Which ticket follows which, and so when each was first answered, or closed by the customer (semantics §10).

A merged ticket follows the one it was merged into: what happens to that one happens to it, and what had happened before
counts from the merge on. Merged twice, it follows the first. Only tickets of one account are told.
"""

from typing import NamedTuple

from streams.engine import FOREVER
from streams.folds.tickets import Ticket


class End(NamedTuple):
    """When a ticket was answered, and when it was closed by the customer; `FOREVER`: not yet."""

    answered: int
    withdrawn: int

    @property
    def at(self) -> int:
        return min(self)


class Merges:
    """The tickets of an account. What is found out of one is kept until that one or one that it follows changes."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self._followers: dict[str, set[str]] = {}
        """By ticket, those that were merged into it."""
        self._known: dict[str, End] = {}

    def keep(self, ticket: Ticket) -> list[str]:
        """Take in what is said of a ticket; it and all whose end may be another because of it."""
        self.tickets[ticket.ticket_id] = ticket
        for merge in ticket.merges:
            self._followers.setdefault(merge.value, set()).add(ticket.ticket_id)
        self._known.pop(ticket.ticket_id, None)
        changed = [ticket.ticket_id]
        for each in changed:  # it grows; where nothing is known of a ticket, nothing is of those that follow it
            for follower in self._followers.get(each, ()):
                if self._known.pop(follower, None) is not None:
                    changed.append(follower)
        return changed

    def end(self, ticket_id: str) -> End:
        """What became of a ticket, its own story and that of those it follows."""
        if not self.tickets[ticket_id].merges:
            return self._end(self.tickets[ticket_id])
        path, is_circle = self._path(ticket_id)
        for _ in range(2 if is_circle else 1):  # in a circle the last follows the first, of which nothing was known
            for each in reversed(path):
                self._known[each] = self._end(self.tickets[each])
        return self._known[ticket_id]

    def _path(self, ticket_id: str) -> tuple[list[str], bool]:
        """A ticket and those it follows, as far as nothing is known of them; whether they run in a circle."""
        path: dict[str, None] = {}
        while ticket_id in self.tickets and ticket_id not in self._known:
            if ticket_id in path:
                return [*path], True
            path[ticket_id] = None
            merges = self.tickets[ticket_id].merges
            if not merges:
                break
            ticket_id = merges[0].value
        return [*path], False

    def _end(self, ticket: Ticket) -> End:
        """By what is known of the one it follows."""
        answered = ticket.answers[0] if ticket.answers else FOREVER
        withdrawals = [closing.at for closing in ticket.closings if closing.value == "customer"]
        withdrawn = withdrawals[0] if withdrawals else FOREVER
        merge = ticket.merges[0] if ticket.merges else None
        other = self._known.get(merge.value) if merge is not None else None
        if merge is None or other is None:
            return End(answered, withdrawn)
        return End(min(answered, max(other.answered, merge.at)), min(withdrawn, max(other.withdrawn, merge.at)))
