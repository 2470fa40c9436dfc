"""Billing may read everything twice, in bursts and after crashes: what it has booked is what is owed."""

from collections import Counter
from random import Random

import pytest
from hypothesis import strategies as st

from schemas.facts import BillingCredit
from tests.laws.strategies import Recording, recordings
from tests.laws.test_laws import law
from tests.ledger.consumer import Billing, GapError, in_bursts
from tests.ledger.kept import Keeper, chains, logs_of
from tests.ledger.story import Story


@law(recordings(), st.randoms(use_true_random=False))
def test_the_sum_is_right_however_the_entries_are_read(recording: Recording, chance: Random) -> None:
    keeper, logs = Keeper(recording), logs_of(recording, recording.accepted())
    keeper.run(logs, chance, crashes=1)
    entries = [fact.written() for fact in keeper.facts if isinstance(fact, BillingCredit)]
    billing = in_bursts(entries, chance)
    assert set(billing.booked.values()) <= {1}
    booked: Counter[str] = Counter()
    for (account_id, _, _), chain in chains(keeper.facts).items():
        booked[account_id] += sum(entry.days for entry in chain)
    assert {name: each.days + each.not_applicable for name, each in billing.accounts.items()} == dict(booked)


def test_a_gap_stops_the_consumer() -> None:
    entries = [entry.written() for entry in Story(2).owed() if isinstance(entry, BillingCredit)]
    billing = Billing()
    with pytest.raises(GapError):
        billing.book({**entries[0], "n": 2})
    assert not billing.booked
