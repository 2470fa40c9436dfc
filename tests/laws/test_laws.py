"""The laws of the semantics (§7), over every fold that `FOLDS` lists."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.events import Annotation, Heartbeat, RegistryRecord
from schemas.facts import Availability, Fact
from schemas.terms.book import bind
from streams.calendars import ALWAYS
from streams.engine import Partition
from streams.folds import proposals
from streams.folds.chain import Chain
from streams.folds.outages import Outages
from streams.folds.proposals import Proposals
from streams.folds.states import States
from tests.core import lines
from tests.laws.runs import Current, asked, assert_same, batch, chain_of, continued, current, live, said
from tests.laws.strategies import BOOKS, LOCATIONS, START, Recording, Step, is_keyed, recordings

PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]  # explaining a failure takes minutes
QUICK = settings(max_examples=70, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
SLOW = [pytest.mark.slow, pytest.mark.timeout(1800)]
DEEP = settings(QUICK, max_examples=1500)


def law(*told: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[str], None]]:
    """A property that is tried on a few recordings always, and on many by `make test-all`."""

    def of(check: Callable[..., None]) -> Callable[[str], None]:
        @pytest.mark.parametrize("depth", ["quick", pytest.param("deep", marks=SLOW)])
        def test(depth: str) -> None:
            (DEEP if depth == "deep" else QUICK)(given(*told)(check))()

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return of


@law(recordings(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_give_the_same_facts(recording: Recording, chance: Any) -> None:
    """Law 1."""
    steps = recording.accepted()
    shuffled = steps + chance.sample(steps, len(steps) // 3)
    chance.shuffle(shuffled)
    assert batch(recording, shuffled)[0] == batch(recording, steps)[0]


@law(recordings(), st.randoms(use_true_random=False))
def test_what_was_published_step_by_step_is_what_a_replay_says(recording: Recording, chance: Any) -> None:
    """Laws 1 and 5: at any moment, in whatever order the events came, the newest versions are a replay's facts."""
    accepted = recording.accepted()
    steps = accepted[: chance.choice([len(accepted), chance.randint(0, len(accepted))])]
    replayed, audit = batch(recording, steps)
    late = list(steps)
    chance.shuffle(late)
    for order in (steps, late):
        assert_same(current(said(live(chain_of(recording), order))), replayed, audit)


@law(recordings(), st.data())
def test_one_run_is_many_runs_cut_anywhere(recording: Recording, data: st.DataObject) -> None:
    """Law 2: to the last version and revision of every step."""
    steps = recording.accepted()
    whole = live(chain_of(recording), steps)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(steps)), min_size=1, max_size=3)))
    chain, log, start = chain_of(recording), [], 0
    for cut in [*cuts, len(steps)]:
        log += live(chain, steps[start:cut], start + 1)
        chain, start = continued(recording, chain, steps[:cut]), cut
    assert list(map(in_any_order, log)) == list(map(in_any_order, whole))


def in_any_order(facts: Sequence[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (fact.TOPIC, fact.key, fact.order, fact.revision))


@law(recordings(), st.sampled_from(LOCATIONS))
def test_events_of_another_key_change_nothing(recording: Recording, location_id: str) -> None:
    """Law 3. Broadcasts are inputs of every key, and so is the time that another key's events bring."""
    steps = recording.accepted()
    everything, _ = batch(recording, steps)
    chain = chain_of(recording)
    for event, partition in steps:
        if not is_keyed(event) or event.key == location_id:
            chain.absorb(event, partition)
        elif isinstance(event, Heartbeat):
            lag_ms = recording.settings.max_clock_lag_s * 1000
            chain.world.clock(partition).event(event.effective_at(lag_ms))
    alone = asked(chain)
    assert of_key(alone, location_id) == of_key(everything, location_id)


def of_key(facts: Current, location_id: str) -> Current:
    return {name: fact for name, fact in facts.items() if name[1] == location_id}


@law(recordings())
def test_terms_not_yet_in_force_change_nothing(recording: Recording) -> None:
    """Law 3."""
    steps = recording.accepted()
    last = recording.book.files[-1]
    changed = last.availability.model_copy(update={"location_down_when": "any_device", "default_interval_s": 1})
    to_come = last.model_copy(update={"effective": date(2030, 1, 1), "availability": changed, "digest": "f" * 64})
    longer = recording._replace(book=bind([*recording.book.files, to_come]))
    assert batch(longer, steps)[0] == batch(recording, steps)[0]


@law(recordings())
def test_every_covered_millisecond_is_counted_once(recording: Recording) -> None:
    """Law 4: in every revision, and against the rows of `location_states` it was made of."""
    steps = recording.accepted()
    chain = chain_of(recording)
    for fact in said(live(chain, steps)):
        if isinstance(fact, Availability):
            parts = fact.up_ms, fact.down_ms, fact.excluded_ms, fact.unknown_ms
            assert sum(parts) == fact.covered_ms
            assert min(parts) >= 0
            assert (fact.availability is None) == (fact.covered_ms == 0)
            assert fact.objective_met == (fact.down_ms * 100_000 <= fact.covered_ms)
            assert fact.objective_met == (fact.budget_left_ms >= 0)


HOT_MS = 300_000
NEAR_MS = 100_000
"""In the place of an hour, which no recording lasts much longer: so far off a diagnosis may be of an outage."""
LONGEST_HOLD_MS = 240_000
"""Of what is drawn, and the time until a collector counts as blind: how far back a sample or a tick may reach."""


@law(recordings(), st.data())
def test_what_is_forgotten_changes_nothing_for_what_is_hot(recording: Recording, data: st.DataObject) -> None:
    """States, outages and proposals go on alike when what is older than the hot hours is dropped again and again, as in
    intake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proposals, "FARTHEST_MS", NEAR_MS)
        assert_hot_facts_are_alike(recording, data)


def assert_hot_facts_are_alike(recording: Recording, data: st.DataObject) -> None:
    steps = [step for step in recording.accepted() if not isinstance(step.event, Annotation)]
    whole, pruned = (chain_of(recording, (States, Outages, Proposals)) for _ in range(2))
    kept_since: dict[Partition, int] = {}
    start = 0
    for cut in [*sorted(data.draw(st.lists(st.integers(0, len(steps)), max_size=3))), len(steps)]:
        hot = [step for step in steps[start:cut] if is_hot(step, kept_since)]
        for chain in (whole, pruned):
            live(chain, hot, start + 1)
        if cut < len(steps):
            kept_since = {partition: (clock.time or 0) - HOT_MS for partition, clock in pruned.world.clocks.items()}
            for key, held in pruned.loop.keys.items():
                pruned.forget(key, kept_since[held.partition])
        start = cut
    for key, held in pruned.loop.keys.items():
        since = kept_since.get(held.partition, 0)
        assert told_since(pruned, key, since) == told_since(whole, key, since)


def test_a_row_that_is_kept_has_the_longest_hold_it_had_until_then() -> None:
    """A late event may still part it from a longer hold after that."""
    said: list[tuple[int, str, lines.Interval]] = [(second, "up", 10) for second in range(0, 300, 10)]
    said += [(300, "up", 60), (310, "up", 10), (215, "down", "changes")]
    written = [lines.sample("l1", "a", START + 1000 * at, status, interval) for at, status, interval in said]
    recording = Recording(BOOKS[0], tuple(written), partitioned=False)
    *before, late = recording.accepted()
    whole, pruned = (chain_of(recording, (States, Outages, Proposals)) for _ in range(2))
    live(whole, before)
    live(pruned, before)
    pruned.forget("l1", START + 200_000)
    live(whole, [late], 100)
    live(pruned, [late], 100)
    rows = told_since(pruned, "l1", START + 200_000)
    assert rows == told_since(whole, "l1", START + 200_000)
    assert [row.get("resolution_ms") for row in rows if "state" in row] == [35_000, None, 210_000]


def told_since(chain: Chain, key: str, since: int) -> list[dict[str, Any]]:
    """What was last said of the time after an instant."""
    rows, ended, proposed = (current_of(said) for said in chain.loop.keys[key].published)
    told = [
        [row.current() for row in rows if is_open_after(since, row.to)],
        [outage.current() for outage in ended if is_open_after(since, outage.ended_at)],
        [proposal.current() for proposal in proposed if is_open_after(since, proposal.to)],
    ]
    orders = itemgetter("from"), itemgetter("started_at"), itemgetter("from", "cause")
    return [fact for facts, order in zip(told, orders, strict=True) for fact in sorted(facts, key=order)]


def current_of(published: Iterable[Any]) -> list[Any]:
    return [fact for fact in published if not fact.retracted]


def is_open_after(instant: int, end: int | None) -> bool:
    return end is None or end > instant


def is_hot(step: Step, kept_since: Mapping[Partition, int]) -> bool:
    """Whether an event speaks of the time that is kept; what does not takes the way of repair."""
    event, since = step.event, kept_since.get(step.partition, ALWAYS)
    if isinstance(event, RegistryRecord):
        return event.valid_from > max(kept_since.values(), default=ALWAYS)
    return event.dated is not None and event.dated > since + LONGEST_HOLD_MS
