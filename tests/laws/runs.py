"""Runs of the chain over accepted events: told all and asked at the end, or asked at every step as the workers are;
and what it means that both say the same."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.events import RegistryRecord
from schemas.facts import Availability, Fact
from streams.engine import Fold, Position
from streams.folds.chain import FOLDS, Chain
from streams.folds.months import availability
from streams.folds.outages import unretracted
from streams.folds.world import World
from tests.laws.strategies import Recording, Step

Current = dict[tuple[str, ...], dict[str, Any]]
"""The current facts, by topic, key and identity."""


def chain_of(recording: Recording, folds: Sequence[type[Fold]] = FOLDS) -> Chain:
    world = World(recording.book, recording.settings)
    world.partition_of = recording.partition_of
    return Chain(world, folds)


def batch(recording: Recording, steps: Iterable[Step]) -> tuple[Current, Chain]:
    """What a replay says, and the chain that was told."""
    chain = chain_of(recording)
    return told(chain, steps), chain


def told(chain: Chain, steps: Iterable[Step]) -> Current:
    """Everything told, then every fold asked once."""
    for event, partition in steps:
        chain.absorb(event, partition)
    return asked(chain)


def asked(chain: Chain) -> Current:
    """What every fold says, the folds of accounts first."""
    return current([*chain.settle_desk(), *chain.loop.settle_all(chain.loop.keys, Position())])


def live(chain: Chain, steps: Iterable[Step], first: int = 1) -> list[list[Fact]]:
    """What was published at each step. The version is the step's place."""
    return [
        chain.take(event, partition, Position(place, event.TOPIC, partition, place))
        for place, (event, partition) in enumerate(steps, first)
    ]


def said(log: Iterable[Iterable[Fact]]) -> list[Fact]:
    return [fact for step in log for fact in step]


def current_facts(facts: Iterable[Fact]) -> list[Fact]:
    """Of each fact the newest version, the later on a tie, if it is not retracted (semantics §6)."""
    newest: dict[tuple[Any, ...], Fact] = {}
    for fact in facts:
        name = (fact.TOPIC, fact.key, fact.identity)
        if name not in newest or fact.version >= newest[name].version:
            newest[name] = fact
    return [fact for fact in newest.values() if not fact.retracted]


def current(facts: Iterable[Fact]) -> Current:
    return {(fact.TOPIC, fact.key, *map(str, fact.identity)): fact.current() for fact in current_facts(facts)}


def month_as_of(chain: Chain, month: Availability, as_of: int) -> dict[str, Any] | None:
    """What a chain says of a month as of an instant; None: nothing yet."""
    place = next(place for place, fold in enumerate(chain.loop.folds) if fold.fact is Availability)
    held = chain.loop.keys[month.location_id]
    rows, notes = unretracted(held.states[place].rows), held.states[place].annotations.values()
    facts = availability(month.location_id, rows, notes, chain.world, held.partition, as_of)
    return next((fact.current() for fact in facts if fact.identity == month.identity), None)


def assert_same(published: Current, replayed: Current, audit: Chain) -> None:
    """Open months are compared at the instant the published fact speaks for; all else as it is. A month that began
    after what the slowest partition has reached may still be to come."""
    assert published.keys() <= replayed.keys()
    for name in replayed.keys() - published.keys():
        assert name[0] == Availability.TOPIC
        assert month_as_of(audit, Availability.read(replayed[name]), audit.world.slowest or 0) is None
    for name, fact in published.items():
        if name[0] == Availability.TOPIC and not replayed[name]["closed"]:
            month = Availability.read(fact)
            assert fact == month_as_of(audit, month, month.as_of)
        else:
            assert fact == replayed[name]


def continued(recording: Recording, chain: Chain, told: Iterable[Step]) -> Chain:
    """Another process that goes on from the saved state, after it has read the registry, which is kept for ever."""
    after = chain_of(recording)
    for event, _ in told:
        if isinstance(event, RegistryRecord):
            after.world.registry.absorb(event)
    for partition, clock in chain.world.clocks.items():
        after.world.clock(partition).restore(clock.save())
    for key, held in chain.loop.keys.items():
        after.restore(key, held.partition, chain.save(key))
    for key in chain.desk.keys:
        after.desk.restore(key, None, chain.desk.save(key))
    return after
