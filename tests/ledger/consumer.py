"""The reference consumer of `billing-credits`: what `schemas/BILLING.md` asks of billing, and no more."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

Chain = tuple[str, str, str]
"""Account, location and month."""


class GapError(Exception):
    """An entry is missing: the consumer stops, and asks."""


@dataclass
class Account:
    """What billing keeps of an account: the days that it may still set against payments."""

    days: int = 0
    not_applicable: int = 0
    """Of a closed account: somebody decides."""


@dataclass
class Billing:
    """What billing has in its database: an entry and its place in the chain are booked in one transaction."""

    accounts: dict[str, Account] = field(default_factory=dict)
    chains: dict[Chain, tuple[int, str]] = field(default_factory=dict)
    """Of each chain the place and the id of the entry that was booked last."""
    booked: Counter[str] = field(default_factory=Counter)
    """How often each entry was booked: for the test."""

    def book(self, entry: Mapping[str, Any]) -> None:
        """Book an entry once, however often it comes. Raises GapError."""
        chain = entry["account_id"], entry["location_id"], entry["month"]
        n, last = self.chains.get(chain, (0, None))
        if entry["n"] <= n:
            return  # it came before
        if entry["n"] != n + 1 or entry["corrects"] != last:
            raise GapError(f"{chain}: {entry['n']} follows {n}")
        account = self.accounts.setdefault(entry["account_id"], Account())
        if entry["applies_to"] == "future_payments":
            account.days += entry["days"]
        else:
            account.not_applicable += entry["days"]
        self.chains[chain] = entry["n"], entry["id"]
        self.booked[entry["id"]] += 1

    def consume(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            self.book(entry)


def in_bursts(entries: list[dict[str, Any]], chance: Random) -> Billing:
    """Read on from where a crash threw it back, again and again; then all of it once more."""
    billing, at = Billing(), 0
    while at < len(entries):
        burst = entries[at : at + chance.randint(1, 9)]
        billing.consume(burst)
        at += len(burst)
        if not chance.randrange(3):
            at = max(0, at - chance.randint(0, 20))  # its own place was not saved; what it booked was
    billing.consume(entries)
    return billing
