"""What the registry says in a recording, and what it ends and turns."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from schemas.events import RegistryRecord
from schemas.facts import Fact, LocationOutage, LocationState
from schemas.terms.model import STANDARD
from tests.laws.reach_devices import effective, samples_of, ticks_of
from tests.laws.strategies import EDGE, SETTINGS, Recording, Step


def of_registry(recording: Recording, steps: Sequence[Step]) -> Iterator[str]:
    names = set(recording.book.series_names()) - {STANDARD}
    versions: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for event, _ in steps:
        if isinstance(event, RegistryRecord):
            versions[event.entity][event.entity_id].append(event)
            if event.recorded_at >= EDGE + SETTINGS.correction_horizon_ms:
                yield "recorded after a month was final"
            if event.closed_at is not None:
                yield f"a {event.entity} closes"
    for records in versions["device"].values():
        yield from _of_device(sorted(records, key=attrgetter("valid_from")))
    for records in versions["location"].values():
        ordered = sorted(records, key=attrgetter("valid_from"))
        if any(before.account_id != after.account_id for before, after in pairwise(ordered)):
            yield "a location changes its account"
    if any(record.terms in names for records in versions["account"].values() for record in records):
        yield "another series of terms"
    if {sample.location_id for _, sample in samples_of(steps)} - versions["location"].keys():
        yield "a location is not registered"


def _of_device(versions: Sequence[Any]) -> Iterator[str]:
    if not all(version.monitored for version in versions):
        yield "a device is not monitored"
    if any(after.monitored and not before.monitored for before, after in pairwise(versions)):
        yield "a device is monitored again"
    if any(before.location_id != after.location_id for before, after in pairwise(versions)):
        yield "a device moves"


def of_turns(steps: Sequence[Step], facts: Sequence[Fact]) -> Iterator[str]:
    """What the registry says of times to come, and where it alone makes a state begin."""
    records = [event for event, _ in steps if isinstance(event, RegistryRecord) and event.entity != "account"]
    since = {record.valid_from for record in records}
    ends = {record.closed_at for record in records if record.closed_at is not None}
    heard = {effective(sample) for _, sample in samples_of(steps)}
    heard |= {tick for ticks in ticks_of(steps).values() for tick in ticks}
    if heard and max(since, default=0) > max(heard):
        yield "a record whose time has not come"
    if heard and max(ends, default=0) > max(heard):
        yield "an end whose time has not come"
    begins = {fact.from_ for fact in facts if isinstance(fact, LocationState)}
    if begins & (since | ends) - heard:
        yield "the registry turns the states between two events"


def of_ends(steps: Sequence[Step], facts: Sequence[Fact]) -> Iterator[str]:
    """Where a device or a location is closed, and nothing but that makes an outage end."""
    heard = {effective(sample) for _, sample in samples_of(steps)}
    ended = {
        (fact.location_id, fact.ended_at)
        for fact in facts
        if isinstance(fact, LocationOutage) and fact.ended_at is not None and fact.ended_at not in heard
    }
    records: Iterator[Any] = (event for event, _ in steps if isinstance(event, RegistryRecord))
    for record in records:
        if record.entity in ("device", "location") and (record.location_id, record.closed_at) in ended:
            yield f"the end of a {record.entity} ends an outage"
