"""Laws 5 and 6: what the ledger's process says and books is what a replay derives, whenever it dies."""

from random import Random

from hypothesis import strategies as st

from schemas.facts import BillingCredit, ClaimAnswer, Credit, Fact, ResponseMonth, TicketResponse
from tests.laws.runs import batch, current
from tests.laws.strategies import Recording, recordings
from tests.laws.test_laws import law
from tests.ledger.kept import Keeper, chains, keeps_its_rules, logs_of

TOLD = (Credit.TOPIC, ClaimAnswer.TOPIC, TicketResponse.TOPIC, ResponseMonth.TOPIC)


def agrees(recording: Recording, facts: list[Fact]) -> None:
    """The current credits, answers and responses are a replay's, and so is the sum of every chain, which has no gap."""
    replayed, _ = batch(recording, recording.accepted())
    told = {name: fact for name, fact in current(facts).items() if name[0] in TOLD}
    assert told == {name: fact for name, fact in replayed.items() if name[0] in TOLD}
    owed = {
        (fact["account_id"], fact["location_id"], fact["month"]): fact["days"]
        for name, fact in replayed.items()
        if name[0] == BillingCredit.TOPIC
    }
    booked = {place: sum(entry.days for entry in chain) for place, chain in chains(facts).items()}
    assert {place: days for place, days in booked.items() if days} == owed
    keeps_its_rules(facts, recording.book)


@law(recordings(), st.randoms(use_true_random=False), st.integers(0, 4))
def test_processes_that_die_book_what_is_owed(recording: Recording, chance: Random, crashes: int) -> None:
    """Whether it dies before a transaction or after it; whatever the size of its batches."""
    keeper = Keeper(recording)
    keeper.run(logs_of(recording, recording.accepted()), chance, crashes=crashes)
    agrees(recording, keeper.facts)


@law(recordings(), st.randoms(use_true_random=False))
def test_events_in_any_order_are_booked_alike(recording: Recording, chance: Random) -> None:
    """Law 6: the days of all entries add up to what is owed after any sequence of late events and corrections."""
    steps = recording.accepted()
    chance.shuffle(steps)
    keeper = Keeper(recording)
    keeper.run(logs_of(recording, steps), chance, crashes=1)
    agrees(recording, keeper.facts)


@law(recordings(), st.randoms(use_true_random=False))
def test_nothing_is_booked_while_the_ledger_is_held_and_all_of_it_afterwards(
    recording: Recording, chance: Random
) -> None:
    keeper, logs = Keeper(recording), logs_of(recording, recording.accepted())
    books = keeper.begin(logs, holds=True)
    for message in logs.messages[: chance.choice([len(logs.messages), chance.randint(0, len(logs.messages))])]:
        books.take(message)
    keeper.commit(books.settle(), books)
    assert not chains(keeper.facts)
    keeper.run(logs, chance, crashes=1)
    agrees(recording, keeper.facts)


@law(recordings(), st.randoms(use_true_random=False))
def test_a_process_that_starts_with_all_of_it_saved_has_nothing_to_say(recording: Recording, chance: Random) -> None:
    keeper, logs = Keeper(recording), logs_of(recording, recording.accepted())
    keeper.run(logs, chance, crashes=0)
    again = keeper.begin(logs)
    batch_again = again.settle()
    assert not batch_again.facts
    assert not batch_again.letters
