"""A location from its devices: which state their histories add up to, from when to when (I-5; semantics §3).

Up while any device taking part is up; else unknown while any is; else down; unknown while none takes part. The terms
may say otherwise. Nothing is said about the time before the location's first sample.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec

from schemas.facts import LocationState
from schemas.facts.state import State
from schemas.terms.model import Terms
from streams.engine import FOREVER
from streams.folds.histories import DOWN, SILENT, UNKNOWN, UP, History, Judge, history
from streams.folds.samples import Device, Profiles
from streams.folds.world import World
from streams.intervals import Interval, intersect

FOLD_VERSION = 1
"""Raised whenever the same input gives another history."""

DEPENDS_ON = ("blind_after_s", "max_clock_skew_s", "max_clock_lag_s")

ABSENT = -1
"""The status of a device while it does not take part."""


class Change(NamedTuple):
    """At an instant a device turns to a status, or (status None) speaks with another hold from then on."""

    at: int
    device_id: str
    status: int | None
    hold_ms: int = 0


class Tally(NamedTuple):
    """How many devices of a location are in each state."""

    state: State
    up: int
    down: int
    unknown: int


def rows(
    location_id: str, devices: dict[str, Device], profiles: Profiles, judge: Judge, world: World
) -> list[LocationState]:
    """The location's states in order of time, each to the next, the last one open; none from after `judge.until`."""
    since = min(device.first for device in devices.values())
    is_open = world.registry.open(location_id)
    records = (version.since for version in world.registry.versions("location", location_id))
    turns = (at for at in (*records, *(turn for turn, _ in judge.turns[1:])) if at > since)
    changes = [Change(at, "", None) for at in (since, *turns)]
    for device_id, device in devices.items():
        told = history(device_id, device, profiles, judge)
        may = intersect(world.registry.takes_part(location_id, device_id), is_open)
        changes += _while_taking_part(device_id, told, intersect([(device.first, FOREVER)], may))
        changes += [Change(at, device_id, None, hold) for at, hold in told.holds]
    told_of = sorted((change for change in changes if change.at <= judge.until), key=attrgetter("at"))
    return _sweep(location_id, told_of, judge, world)


def _while_taking_part(device_id: str, told: History, parts: Sequence[Interval]) -> Iterator[Change]:
    """A device's changes of status, absent where it does not take part."""
    statuses = told.statuses
    ends = [at for at, _ in statuses[1:]] + [FOREVER]
    for start, end in parts:
        for (at, status), until in zip(statuses, ends, strict=True):
            if max(at, start) < min(until, end):
                yield Change(max(at, start), device_id, status)
        if end < FOREVER:
            yield Change(end, device_id, ABSENT)


def _sweep(location_id: str, changes: Sequence[Change], judge: Judge, world: World) -> list[LocationState]:
    rows: list[LocationState] = []
    status: dict[str, int] = {}
    holds: dict[str, int] = {}
    settings = world.settings(DEPENDS_ON)
    last: Tally | None = None
    for index, change in enumerate(changes):
        if change.status is None:
            holds[change.device_id] = change.hold_ms
        else:
            status[change.device_id] = change.status
        if index + 1 < len(changes) and changes[index + 1].at == change.at:
            continue
        terms = judge.terms(change.at)
        tally = _tally(status, terms, world.registry.primary(location_id, change.at))
        resolution = max((holds[device] for device in status if status[device] != ABSENT), default=0) or None
        if tally == last:
            rows[-1] = _with_resolution(rows[-1], resolution)
            continue
        last = tally
        if rows:
            rows[-1] = msgspec.structs.replace(rows[-1], to=change.at)
        rows.append(
            LocationState(
                terms=terms.reference,
                fold_version=FOLD_VERSION,
                settings=settings,
                location_id=location_id,
                from_=change.at,
                to=None,
                state=tally.state,
                devices_up=tally.up,
                devices_down=tally.down,
                devices_unknown=tally.unknown,
                devices_silent=sum(value == SILENT for value in status.values()),
                resolution_ms=resolution,
            )
        )
    return rows


def _tally(status: dict[str, int], terms: Terms, primary: str | None) -> Tally:
    values = list(status.values())
    up, unknown = values.count(UP), values.count(UNKNOWN)
    down = values.count(DOWN) + values.count(SILENT)
    rule = terms.availability.location_down_when
    leading = status.get(primary, ABSENT) if primary is not None and rule == "primary_device" else ABSENT
    return Tally(_state(rule, leading, up, down, unknown), up, down, unknown)


def _state(rule: str, leading: int, up: int, down: int, unknown: int) -> State:
    """I-5. A location without a primary device that takes part is judged by all devices."""
    if leading != ABSENT:
        is_down, is_unknown = leading in (DOWN, SILENT), leading == UNKNOWN
    elif rule == "any_device":
        is_down, is_unknown = down > 0, unknown > 0 or not up
    else:
        is_down, is_unknown = down > 0 and not up and not unknown, not up
    if is_down:
        return "down"
    if is_unknown:
        return "unknown"
    return "degraded" if down else "up"


def _with_resolution(row: LocationState, resolution: int | None) -> LocationState:
    if resolution is None or (row.resolution_ms or 0) >= resolution:
        return row
    return msgspec.structs.replace(row, resolution_ms=resolution)
