"""An outage: which samples begin and end it, by which devices, and what nobody knows of it (A§2, I-4 to I-6)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from schemas import times
from schemas.facts import LocationOutage, LocationState
from schemas.facts.fact import named
from schemas.terms.model import Terms
from streams.audit.explain import inputs
from streams.audit.explain.arithmetic import added, at, equals, latest, lengths, ms
from streams.audit.explain.derived import Derived
from streams.audit.explain.devices import STATUS, Devices
from streams.audit.explain.statuses import status_step
from streams.audit.explain.step import Explanation, Input, Step
from streams.folds.histories import DOWN, SILENT, UNKNOWN, UP
from streams.folds.locations import ABSENT
from streams.folds.outages import Outages, runs_of_down, unretracted
from streams.spoken import spoken

RULES = {
    "all_devices": "the location is down while every device that takes part is down",
    "any_device": "the location is down while any device that takes part is down",
    "primary_device": "the location is down while its primary device is, or while all are if that takes no part",
}


class Outage(NamedTuple):
    """What is explained: the fact, the rows of `location_states` that it is made of and the one that follows."""

    fact: LocationOutage
    rows: Sequence[LocationState]
    after: LocationState | None
    devices: Devices

    @property
    def end(self) -> int | None:
        """Where the rows end; None: it is open."""
        return self.rows[-1].to if self.rows else None

    @property
    def terms(self) -> Terms:
        return self.devices.judge.terms(self.fact.started_at)

    @property
    def down(self) -> list[str]:
        """The devices that are down at its start."""
        return [each for each in self.devices.ids() if self._status(each) in (DOWN, SILENT)]

    def _status(self, device_id: str) -> int:
        return self.devices.status(device_id, self.fact.started_at)


def explain_outage(derived: Derived, fact: LocationOutage) -> Explanation:
    outage = _outage(derived, fact)
    name = f"outage/{fact.location_id}/{times.render(fact.started_at)}"
    begins = [status_step(outage.devices, device_id, fact.started_at) for device_id in outage.down]
    return Explanation(
        kind="outage",
        id=fact.outage_id,
        name=name,
        title=f"Outage at {fact.location_id} from {inputs.instant(fact.started_at)}",
        fact=fact,
        steps=[
            _who_speaks(outage),
            *begins,
            _beginning(outage),
            *_unknown(outage),
            *_ending(outage),
            _length(outage),
            Step(what="Its id is a UUIDv5 of its name", words=[name], gives={"outage_id": named(name)}),
        ],
    )


def _outage(derived: Derived, fact: LocationOutage) -> Outage:
    rows = unretracted(derived.of_location(Outages, fact.location_id) or [])
    run = next((run for run in runs_of_down(rows) if run[0].from_ == fact.started_at), [])
    after = next((row for row in rows if run and row.from_ == run[-1].to), None)
    return Outage(fact, run, after, Devices(derived, fact.location_id))


def _who_speaks(outage: Outage) -> Step:
    devices, start = outage.devices, outage.fact.started_at
    told = {device_id: devices.status(device_id, start) for device_id in devices.ids()}
    registered = [entry for device_id in told for entry in devices.records(device_id, start)]
    rule = outage.terms.availability.location_down_when
    words = [f"By the terms {RULES[rule]}."]
    if rule == "primary_device":
        primary = devices.derived.world.registry.primary(devices.location_id, start)
        words.append(f"Its primary device is {primary}." if primary else "It has no primary device.")
    words += [f"At {inputs.instant(start)} {device_id} was {STATUS[status]}." for device_id, status in told.items()]
    if len(registered) < len(told):
        words.append("A device that the registry does not know speaks for every location that it reports at.")
    counts = {status: sum(value == status for value in told.values()) for status in STATUS}
    row = outage.rows[0] if outage.rows else None
    tally = (counts[UP], counts[DOWN] + counts[SILENT], counts[UNKNOWN])
    known = row and (row.devices_up, row.devices_down, row.devices_unknown)
    return Step(
        what="Which devices speak for the location, and what they were when it began",
        words=[*words, f"So {tally[0]} up, {tally[1]} down, {tally[2]} unknown: the location was down."],
        clauses=[devices.derived.cite("AV-2", outage.terms), devices.derived.cite("I-5", outage.terms)],
        inputs=[*devices.records(None, start), *registered],
        gives={"devices": tally[1], "kind": "silence" if counts[SILENT] else "reported"},
        doubts=[] if known == tally else [f"devices counted as {tally}, derived as {known}"],
    )


def _beginning(outage: Outage) -> Step:
    """The outage begins when the last of what makes it falls into place."""
    devices, start = outage.devices, outage.fact.started_at
    since = [max(devices.turned(each, start), devices.joined(each, start)) for each in outage.down]
    if start in since and max(since) == start:
        begins = latest([*map(at, since)])
        return Step(
            what="When it began",
            words=["When the last of the devices that were down turned down."],
            arithmetic=[equals("the outage began", begins)],
            gives={"started_at": int(begins.value)},
        )
    words, found = _other_turn(devices, start)
    doubts = [] if words else [f"nothing is found that turned the location down at {inputs.instant(start)}"]
    return Step(what="When it began", words=words, inputs=found, gives={"started_at": start}, doubts=doubts)


def _other_turn(devices: Devices, instant: int) -> tuple[list[str], list[Input]]:
    """What turned a location at an instant, other than a device that fell: who left, a record, other terms."""
    words: list[str] = []
    found: list[Input] = []
    for device_id, parts in devices.parts.items():
        if any(end == instant for _, end in parts):
            words.append(f"From then on {device_id} takes no part in the location.")
            found += devices.records(device_id, instant)
        elif devices.status(device_id, instant) != devices.status(device_id, instant - 1):
            words.append(f"{device_id} turned {STATUS[devices.status(device_id, instant)]}.")
    versions = devices.derived.world.registry.versions("location", devices.location_id)
    if any(version.since == instant for version in versions):
        words.append("From then on another record of the location is in force.")
    if any(since == instant for since, _ in devices.judge.turns[1:]):
        words.append("From then on other terms are in force.")
    return words, [*found, *devices.records(None, instant)]


def _unknown(outage: Outage) -> Iterator[Step]:
    """Time inside of the outage of which nobody knows: it is down on both sides of it."""
    inside = [row for row in outage.rows if row.state == "unknown" and row.to is not None and _is_inside(row, outage)]
    for row in inside:
        yield from _unknown_devices(outage.devices, row.from_)
    if not inside:
        yield Step(what="Nothing inside of it is unknown", gives={"unknown_ms": 0})
        return
    spans = [(row.from_, row.to or row.from_) for row in inside]
    yield Step(
        what="What nobody knows of it",
        words=["The location was down before and after, so this time is inside of the outage; it is not downtime."],
        clauses=[outage.devices.derived.cite("I-6", outage.terms)],
        arithmetic=lengths("unknown", spans),
        gives={"unknown_ms": sum(end - start for start, end in spans)},
    )


def _is_inside(row: LocationState, outage: Outage) -> bool:
    return any(later.state == "down" and later.from_ > row.from_ for later in outage.rows)


def _unknown_devices(devices: Devices, instant: int) -> Iterable[Step]:
    return (status_step(devices, each, instant) for each in devices.ids() if devices.status(each, instant) == UNKNOWN)


def _ending(outage: Outage) -> Iterator[Step]:
    devices, end = outage.devices, outage.end
    if end is None:
        words = ["Nothing has ended it."]
        if outage.rows and outage.rows[-1].state == "unknown":
            words.append(
                "What follows is unknown: it is inside of the outage if the location turns out to be down still."
            )
        yield Step(what="It is open", words=words, inputs=[devices.now()], gives={"ended_at": None})
        return
    for device_id in devices.ids():
        before, then = devices.status(device_id, end - 1), devices.status(device_id, end)
        if then not in (before, ABSENT):
            yield status_step(devices, device_id, end)
    words, found = _other_turn(devices, end)
    if outage.after is not None and outage.after.state == "unknown":
        words.append("What followed did not turn out to be down: the outage ended where the unknown time began.")
    state = outage.after.state if outage.after else "not told of"
    doubts = [] if words else [f"nothing is found that turned the location at {inputs.instant(end)}"]
    what = f"It ended at {inputs.instant(end)}: the location was {state}"
    yield Step(what=what, words=words, inputs=found, gives={"ended_at": end}, doubts=doubts)


def _length(outage: Outage) -> Step:
    fact = outage.fact
    if fact.ended_at is None:
        return Step(what="How long it was is not known yet")
    lasted = at(fact.ended_at) - at(fact.started_at)
    down = lasted.found - ms(fact.unknown_ms)
    parts = [row.to - row.from_ for row in outage.rows if row.state == "down" and row.to is not None]
    return Step(
        what=f"How long it was: {spoken(int(down.value))} of downtime",
        words=[
            "Which part of it counts in a month, the month says: what is covered, and what no approved cause excludes."
        ],
        arithmetic=[
            equals("it lasted", lasted),
            equals("without what is unknown", down),
            equals("by its parts", added(parts)),
        ],
        doubts=[] if sum(parts) == down.value else [f"down for {down.value} ms, by its parts for {sum(parts)} ms"],
    )
