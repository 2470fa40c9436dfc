"""What decide keeps of very many locations after five months: through its own code for some, and renamed for the rest.

Playing every location's heartbeats through intake would take days. A few hundred locations are played through decide's
`Decider` from states, progress and the registry; each of the others is one of them under another name. No two of them
have the same outages, so that neither zlib nor Kafka finds more repetition than there would be.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from random import Random
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS, Derivation
from schemas.events import Heartbeat
from schemas.facts import LocationState, Progress
from schemas.terms.book import read_book
from schemas.topics import DECIDE_CHANGELOG, murmur2_partition
from streams.broadcasts import Broadcasts
from streams.decide.decider import Decider, Ends
from streams.decide.records import Reading, Record, clock_key, compressed, is_clock, read_record
from streams.folds.locations import DEPENDS_ON, FOLD_VERSION
from streams.folds.world import World
from streams.messages import Message

PARTITIONS = 8
MODELS = 250
BEGIN = times.parse("2026-01-05T00:00:00Z")
ENDED = times.parse("2026-06-01T08:00:00Z")
"""May, in the terms' zone."""
CLOSING = ENDED + 48 * HOUR_MS
OUTAGES = (0, 1, 1, 2)
"""In a month, one of these."""
WRITTEN = 5
"""How often the changelog has each location: as decide wrote it the last times."""
SAVED_AT_ONCE = 250
"""Locations in a batch, and so under one number."""


class Out(NamedTuple):
    topic: str
    partition: int
    key: bytes | None
    value: bytes


def name(number: int) -> str:
    return f"location-{number:06}"


def account(number: int) -> str:
    """A hundred locations have one."""
    return f"account-{number // 100:06}"


def partition_of(location_id: str) -> int:
    return murmur2_partition(location_id.encode(), PARTITIONS)


def registry(names: Sequence[str]) -> Iterator[Out]:
    since = {"valid_from": times.render(BEGIN), "recorded_at": times.render(BEGIN)}
    for number, location_id in enumerate(names):
        if not number % 100:
            yield _out("registry", 0, account(number), {"entity": "account", "account_id": account(number), **since})
        record = {"entity": "location", "location_id": location_id, "account_id": account(number), **since}
        yield _out("registry", 0, location_id, record | {"sla_from": times.render(BEGIN)})


def changelog(locations: int, registered: int) -> Iterator[Out]:
    """So many locations, each written several times; `registered`: the registry's next offset, up to which the records
    say that they know it."""
    models, clock = _models()
    saved = [[read_record(value) for value in models[name(model)]] for model in range(MODELS)]
    states = [[record.saved for record in records] for records in saved]
    batch = 0
    for turn in range(WRITTEN):
        for number in range(locations):
            batch += not number % SAVED_AT_ONCE
            model = number % MODELS
            record, state = saved[model][turn], states[model][turn]
            renamed = state.replace(name(model).encode(), name(number).encode())
            renamed = renamed.replace(account(model).encode(), account(number).encode())
            written = msgspec.structs.replace(record, state=compressed(renamed), registry=registered, batch=batch)
            yield Out(DECIDE_CHANGELOG, partition_of(name(number)), name(number).encode(), written.encode())
    for partition in range(PARTITIONS):
        followed = msgspec.structs.replace(clock, batch=batch + 1, states_next=0, annotations_next=0)
        yield Out(DECIDE_CHANGELOG, partition, clock_key(partition), followed.encode())


def _models() -> tuple[dict[str, list[bytes]], Record]:
    """Of each model its last records; and how far its partition was followed."""
    records: dict[str, list[bytes]] = defaultdict(list)
    table: dict[bytes, bytes] = {}
    broadcasts = Broadcasts(World(read_book(None), Derivation()))
    told = _Told(broadcasts.world)
    for offset, out in enumerate(registry([name(model) for model in range(MODELS)])):
        broadcasts.register(offset, out.key, out.value, (), BEGIN)
    every = range(PARTITIONS)
    readings = {each: Reading() for each in every}
    decider = Decider(broadcasts, table.get, partition_of, {each: Ends(0, 0) for each in every}, readings, ())
    batches = (decider.batch(messages, lambda _: True) for messages in told.hours())
    for batch in chain(decider.takeover(), batches):
        for _, key, value in (*batch.records, *batch.followed):
            table[key] = value
            if not is_clock(key):
                records[key.decode()].append(value)
    return {model: kept[-WRITTEN:] for model, kept in records.items()}, read_record(table[clock_key(0)])


class _Told:
    """What intake says of the models, an hour at a time: outages as they begin and end, and how far time has come."""

    def __init__(self, world: World) -> None:
        self._terms = world.book.files[0].reference
        self._settings = world.settings(DEPENDS_ON)
        self._offsets = dict.fromkeys(range(PARTITIONS), 0)
        self._since = [BEGIN] * MODELS

    def hours(self) -> Iterator[list[Message]]:
        """Until decide has seen the last month end, and not close."""
        turns = sorted(self._turns())
        yield self._heard([(BEGIN, model, "up") for model in range(MODELS)], BEGIN)
        at = 0
        for now in range(BEGIN + HOUR_MS, CLOSING - HOUR_MS, HOUR_MS):
            first = at
            while at < len(turns) and turns[at][0] < now:
                at += 1
            yield self._heard(turns[first:at], now)

    def _turns(self) -> Iterator[tuple[int, int, str]]:
        """When which model turns down or up: each month has its outages, some hours apart."""
        random = Random(9)
        for model in range(MODELS):
            for month in range(5):
                for outage in range(random.choice(OUTAGES)):
                    began = BEGIN + (month * 30 + 10 * outage) * DAY_MS + random.randrange(9 * DAY_MS)
                    yield began, model, "down"
                    yield began + random.randrange(60_000, 5 * HOUR_MS), model, "up"

    def _heard(self, turns: Sequence[tuple[int, int, str]], now: int) -> list[Message]:
        said: list[Message] = []
        for at, model, state in turns:
            since, self._since[model] = self._since[model], at
            if since != at:
                said.append(self._state(model, since, at, "up" if state == "down" else "down"))
            said.append(self._state(model, at, None, state))
        for partition in range(PARTITIONS):
            progress = Progress(topic=Heartbeat.TOPIC, partition=partition, through=now, first=BEGIN, version=now)
            said.append(self._message(partition, None, progress.written()))
        return said

    def _state(self, model: int, since: int, to: int | None, state: Any) -> Message:
        fact = LocationState(
            terms=self._terms,
            fold_version=FOLD_VERSION,
            settings=self._settings,
            version=to or since,
            location_id=name(model),
            from_=since,
            to=to,
            state=state,
            devices_up=int(state == "up"),
            devices_down=int(state == "down"),
            devices_unknown=0,
            devices_silent=int(state == "down"),
            resolution_ms=210_000,
        )
        return self._message(partition_of(name(model)), name(model), fact.written())

    def _message(self, partition: int, key: str | None, value: dict[str, Any]) -> Message:
        self._offsets[partition] = offset = self._offsets[partition] + 1
        name = None if key is None else key.encode()
        return Message(LocationState.TOPIC, partition, offset, name, msgspec.json.encode(value), (), 0)


def _out(topic: str, partition: int, key: str, value: dict[str, Any]) -> Out:
    return Out(topic, partition, key.encode(), msgspec.json.encode(value))
