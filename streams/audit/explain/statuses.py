"""Why a device was what it was at an instant, by the sample that spoke (semantics §3, I-4, I-6)."""

from typing import NamedTuple

from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import Line, at, compared, cut, equals, exact, ms, number
from streams.audit.explain.devices import STATUS, Devices, Sample
from streams.audit.explain.step import Input, Step
from streams.engine import FOREVER
from streams.folds.histories import DOWN, SILENT, UNKNOWN, UP
from streams.folds.samples import CHANGES_ONLY, UNSTATED
from streams.intervals import Interval


class Told(NamedTuple):
    """What a sample says in a row: each status and since when; and how that is come by."""

    turns: list[tuple[int, int]]
    words: list[str]
    inputs: list[Input]
    lines: list[Line]


def status_step(devices: Devices, device_id: str, instant: int) -> Step:
    """Why a device that takes part had its status, and since when."""
    status, since = devices.status(device_id, instant), devices.turned(device_id, instant)
    sample = devices.sample(device_id, since)
    told = _told(devices, sample, (since, status))
    found = [turn for turn in told.turns if turn[0] <= since][-1:]
    doubts = [] if found == [(since, status)] else [f"{device_id}: explained as {found}, derived as {(since, status)}"]
    terms = devices.judge.terms(sample.at)
    clauses = [devices.derived.cite("I-4", terms)]
    if any(devices.blind(sample)):
        clauses.append(devices.derived.cite("I-6", terms))
    return Step(
        what=f"{device_id} was {STATUS[status]}, from {inputs.instant(since)}",
        words=[*told.words, *_joined(devices, device_id, instant, since)],
        clauses=clauses,
        inputs=told.inputs,
        arithmetic=told.lines,
        doubts=doubts,
    )


def _joined(devices: Devices, device_id: str, instant: int, since: int) -> list[str]:
    joined = devices.joined(device_id, instant)
    return [f"It takes part in the location from {inputs.instant(joined)}."] if joined > since else []


def _told(devices: Devices, sample: Sample, sought: tuple[int, int]) -> Told:
    """As far as it leads to the turn that is sought."""
    at_once = sample.at, UP if sample.profile.up else DOWN
    told = Told([at_once], [], [devices.said(sample)], [])
    if at_once == sought:
        told.words.append("What it says counts from its own time.")
        return told
    hold, until = _hold(devices, sample, told), sought[0]
    if sample.profile.up and hold != CHANGES_ONLY:
        _unheld(devices, sample, hold, until, told)
    else:
        _kept(devices, sample, _Kept(sample.at, sample.at + hold, at_once[1], until), told)
    return told


def _hold(devices: Devices, sample: Sample, told: Told) -> int:
    """How long the sample holds; 0 for one that reports changes only."""
    judge, profile = devices.judge, sample.profile
    if profile.interval_ms == CHANGES_ONLY:
        return CHANGES_ONLY
    interval = judge.interval_ms(sample.device_id, sample.at, profile)
    if profile.interval_ms == UNSTATED:
        device = devices.derived.world.registry.at("device", sample.device_id, sample.at)
        if device is not None and device.heartbeat_interval_s is not None:
            told.words.append("The sample states no interval: the registry's counts.")
            told.inputs.append(inputs.record(device))
        else:
            told.words.append("Nobody states its interval: that of the terms counts.")
    hold = cut((number(judge.terms(sample.at).availability.missed_heartbeats) + exact("0.5")) * ms(interval))
    told.lines.append(equals("how long the sample holds", hold))
    told.lines.append(equals("the hold is over", at(sample.at) + hold.found))
    return int(hold.value)


def _unheld(devices: Devices, sample: Sample, hold: int, until: int, told: Told) -> None:
    """What comes after the hold of an `up` sample, if no other sample came in time."""
    anchor, end = _judged_from(devices, sample, hold, told), sample.at + hold
    if anchor > sample.at:
        told.turns.append((end, UNKNOWN))
    if anchor >= FOREVER:
        return
    runs_out = anchor + hold
    if sample.following < FOREVER:
        proof, heard = "when the next sample came", sample.following
        told.inputs.append(devices.said(devices.sample(sample.device_id, sample.following)))
    else:
        proof, heard = "stream time, and no other sample came", devices.judge.now
        told.inputs.append(devices.now())
    told.lines.append(compared(proof, at(runs_out), at(heard)))
    if heard <= runs_out:
        return
    begins = _silent_from(devices, sample, anchor, told)
    told.turns[:] = [turn for turn in told.turns if turn[0] < begins]
    told.turns.append((begins, SILENT))
    _kept(devices, sample, _Kept(begins, begins, SILENT, until), told)


def _judged_from(devices: Devices, sample: Sample, hold: int, told: Told) -> int:
    """From when the hold counts: the sample's time, or the end of the last blind time that it, or a fresh one, met."""
    anchor = sample.at
    for gap in devices.blind(sample):
        if gap[0] > anchor + hold:
            break
        told.words.append(f"Its collector was blind {_span(gap)}: a hold that ends then begins no silence.")
        told.inputs.extend(devices.ticks(sample, gap))
        told.lines.append(compared("blind time began, and the hold was not over", at(gap[0]), at(anchor + hold)))
        anchor = gap[1]
        if anchor < FOREVER:
            told.lines.append(equals("a fresh hold, from the end of blind time", at(anchor) + ms(hold)))
    return anchor


def _silent_from(devices: Devices, sample: Sample, anchor: int, told: Told) -> int:
    judge = devices.judge
    if judge.terms(sample.at).availability.outage_begins == "last_seen":
        told.words.append(f"By the terms silence begins when it was last seen: {inputs.instant(anchor)}.")
        return anchor
    begins = at(anchor) + ms(judge.interval_ms(sample.device_id, sample.at, sample.profile))
    told.lines.append(equals("silence begins at the first heartbeat that was due and did not come", begins))
    return int(begins.value)


class _Kept(NamedTuple):
    """A status from `start` on, which no blind time touches while it is held; to be told `until` an instant."""

    start: int
    held_until: int
    status: int
    until: int


def _kept(devices: Devices, sample: Sample, kept: _Kept, told: Told) -> None:
    """A status lasts until the following sample; blind time that no hold covers is unknown."""
    for gap in devices.blind(sample):
        unknown = max(gap[0], kept.held_until, kept.start)
        if unknown >= min(gap[1], sample.following) or unknown > kept.until:
            continue
        is_held = sample.following == FOREVER and unknown == kept.held_until > max(gap[0], kept.start)
        if is_held and devices.judge.now <= unknown:
            continue
        told.words.append(f"Its collector was blind {_span(gap)}: from {inputs.instant(unknown)} on it is unknown.")
        told.inputs.extend(devices.ticks(sample, gap))
        told.turns.append((unknown, UNKNOWN))
        if gap[1] < sample.following:
            told.words.append(f"When blind time ended it was again what it had been: {STATUS[kept.status]}.")
            told.turns.append((gap[1], kept.status))


def _span(gap: Interval) -> str:
    return f"from {inputs.instant(gap[0])}" + ("" if gap[1] >= FOREVER else f" to {inputs.instant(gap[1])}")
