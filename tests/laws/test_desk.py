"""The laws of the semantics (§7), over the folds of accounts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from random import Random
from typing import Any

from hypothesis import strategies as st

from schemas.events import TicketEvent
from schemas.facts import Fact, ResponseMonth, TicketResponse
from schemas.terms.book import bind
from tests.laws.runs import Current, batch, chain_of, continued, current, current_facts, live, said
from tests.laws.strategies import Recording
from tests.laws.test_laws import in_any_order, law
from tests.laws.tickets import ACCOUNTS, histories, history

DESK_TOPICS = (TicketResponse.TOPIC, ResponseMonth.TOPIC)


def of_desk(facts: Current) -> Current:
    return {name: fact for name, fact in facts.items() if name[0] in DESK_TOPICS}


@law(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_of_tickets_give_the_same_facts(recording: Recording, chance: Any) -> None:
    """Law 1."""
    steps = recording.accepted()
    shuffled = steps + chance.sample(steps, len(steps) // 3)
    chance.shuffle(shuffled)
    assert batch(recording, shuffled)[0] == batch(recording, steps)[0]


@law(histories(), st.randoms(use_true_random=False))
def test_what_was_said_of_tickets_step_by_step_is_what_a_replay_says(recording: Recording, chance: Any) -> None:
    """Laws 1 and 5: at any moment, in whatever order the events came."""
    accepted = recording.accepted()
    steps = accepted[: chance.choice([len(accepted), chance.randint(0, len(accepted))])]
    replayed = of_desk(batch(recording, steps)[0])
    late = list(steps)
    chance.shuffle(late)
    for order in (steps, late):
        assert of_desk(current(said(live(chain_of(recording), order)))) == replayed


@law(histories(), st.data())
def test_one_run_over_tickets_is_many_runs_cut_anywhere(recording: Recording, data: st.DataObject) -> None:
    """Law 2: to the last version and revision of every step."""
    steps = recording.accepted()
    data.draw(st.randoms(use_true_random=False)).shuffle(steps)
    whole = live(chain_of(recording), steps)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(steps)), min_size=1, max_size=3)))
    chain, log, start = chain_of(recording), [], 0
    for cut in [*cuts, len(steps)]:
        log += live(chain, steps[start:cut], start + 1)
        chain, start = continued(recording, chain, steps[:cut]), cut
    assert list(map(in_any_order, map(from_desk, log))) == list(map(in_any_order, map(from_desk, whole)))


def from_desk(facts: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.TOPIC in DESK_TOPICS]


@law(histories(), st.sampled_from(ACCOUNTS))
def test_tickets_of_another_account_change_nothing(recording: Recording, account_id: str) -> None:
    """Law 3. The time that they bring, where nothing else does, is an input of every account."""
    steps = recording.accepted()
    everything, _ = batch(recording, steps)
    chain = chain_of(recording)
    for event, partition in steps:
        if isinstance(event, TicketEvent) and event.account_id != account_id:
            chain.world.heard_ticket(event.occurred_at)
        else:
            chain.absorb(event, partition)
    alone = current(chain.settle_desk())
    assert of_account(alone, account_id) == of_account(everything, account_id)


def of_account(facts: Current, account_id: str) -> Current:
    return {name: fact for name, fact in of_desk(facts).items() if name[1] == account_id}


@law(histories())
def test_terms_not_yet_in_force_change_nothing_for_tickets(recording: Recording) -> None:
    """Law 3."""
    steps = recording.accepted()
    last = recording.book.files[-1]
    changed = last.response.model_copy(update={"clock": "contact", "ticket_types": ("complaint",)})
    to_come = last.model_copy(update={"effective": date(2030, 1, 1), "response": changed, "digest": "f" * 64})
    longer = recording._replace(book=bind([*recording.book.files, to_come]))
    assert batch(longer, steps)[0] == batch(recording, steps)[0]


@law(histories())
def test_a_month_counts_each_of_its_requests_once(recording: Recording) -> None:
    """RS-4: total is met and missed, and what priorities and windows count is what all count together."""
    facts = said(live(chain_of(recording), recording.accepted()))
    tickets = Counter(row for fact in current_facts(facts) if isinstance(fact, TicketResponse) for row in rows(fact))
    months = {row.identity: row for row in current_facts(facts) if isinstance(row, ResponseMonth)}
    for row in months.values():
        assert row.total == row.met + row.missed
        assert (row.verdict == "none") == (row.total == 0)
        for outcome in ("met", "missed", "pending"):
            assert getattr(row, outcome) == tickets.pop((*row.identity, "total", outcome), 0)
        for apart in row.apart:
            assert apart.total == apart.met + apart.missed > 0 or apart.pending
        for outcome in ("met", "missed", "pending"):
            assert sum(getattr(each, outcome) for each in row.apart) == tickets.pop(
                (*row.identity, "apart", outcome), 0
            )
    assert not tickets, "what is counted has a row"
    for account_id, month, *_ in months:
        parts = [row for (*of, p, w), row in months.items() if of == [account_id, month] and "all" not in (p, w)]
        whole = months[account_id, month, "all", "all"]
        assert sum(part.total for part in parts) == whole.total
        assert sum(part.pending for part in parts) == whole.pending


def rows(fact: TicketResponse) -> Iterator[tuple[str, ...]]:
    """In which rows of a month a ticket is counted, and as what."""
    if fact.counted in ("total", "apart"):
        for priority in (fact.priority, "all"):
            for window in (fact.window, "all"):
                yield fact.account_id, fact.month, priority, window, fact.counted, fact.outcome


@law(histories())
def test_an_outcome_is_what_its_instants_say(recording: Recording) -> None:
    """I-16, in every revision that was ever said."""
    for fact in from_desk(said(live(chain_of(recording), recording.accepted()))):
        if isinstance(fact, TicketResponse):
            assert (fact.missed_at is None) == (fact.outcome != "missed")
            if fact.outcome == "met":
                assert fact.due_at is not None
                assert fact.responded_at is not None
                assert fact.responded_at <= fact.due_at
            if fact.missed_at is not None:
                assert fact.due_at is not None
                assert fact.due_at <= fact.missed_at
                assert fact.responded_at is None or fact.responded_at > fact.missed_at
            if fact.outcome == "pending":
                assert fact.responded_at is None
            assert fact.outcome == "pending" or fact.counted != "withdrawn"


def test_histories_reach_every_outcome_of_every_kind() -> None:
    """The same histories each time: a law that none of them can break holds nothing."""
    met: Counter[object] = Counter()
    for seed in range(300):
        chance = Random(seed)
        drawn = history(chance)
        steps = drawn.accepted()
        chance.shuffle(steps)
        log = said(live(chain_of(drawn), steps))
        for fact in current_facts(log):
            if isinstance(fact, TicketResponse):
                met.update([fact.outcome, fact.counted, (fact.priority, fact.window)])
                met["on time to the millisecond"] += fact.responded_at == fact.due_at
                met["late by a millisecond"] += fact.missed_at is not None and fact.responded_at == fact.missed_at + 1
                met["the clock stands"] += fact.due_at is None
                met["missed by a change of priority"] += fact.missed_at is not None and fact.missed_at != fact.due_at
            if isinstance(fact, ResponseMonth):
                met.update([fact.verdict, "apart" if fact.apart else "no type apart"])
        met["taken back"] += any(fact.retracted for fact in from_desk(log))
        met["missed, and pending again"] += any(
            before.identity == after.identity and (before.outcome, after.outcome) == ("missed", "pending")
            for before, after in zip(of_tickets(log), of_tickets(log)[1:], strict=False)
        )
    priorities = [(priority, window) for priority in ("urgent", "medium", "low") for window in ("contact", "other")]
    kinds = ["total", "apart", "withdrawn", "not_asked", "other_type"]
    named = [
        "on time to the millisecond",
        "late by a millisecond",
        "the clock stands",
        "missed by a change of priority",
    ]
    wanted = [
        *priorities,
        *kinds,
        *named,
        "met",
        "missed",
        "pending",
        "breached",
        "none",
        "taken back",
        "missed, and pending again",
    ]
    assert [each for each in wanted if met[each] < 3] == []


def of_tickets(log: Iterable[Fact]) -> list[TicketResponse]:
    return sorted(
        (fact for fact in log if isinstance(fact, TicketResponse)), key=lambda fact: (fact.identity, fact.version)
    )
