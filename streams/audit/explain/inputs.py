"""Messages of the input as an explanation names them: in words, and so that each can be found again."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from schemas import times
from schemas.events import Annotation, Heartbeat, Reconciliation, RegistryRecord, Tick, TicketEvent
from streams.audit.explain.step import Input, Said
from streams.engine import FOREVER, Partition
from streams.folds.clock import Clock
from streams.folds.proposals import Said as Diagnosed
from streams.folds.samples import CHANGES_ONLY, UNSTATED, Profile
from streams.folds.states import profile_of
from streams.spoken import spoken

Whole = RegistryRecord | Annotation | TicketEvent
"""An event that is kept as it came."""


def said_by(event: Heartbeat | Tick | Whole, partition: Partition = None) -> Said:
    """An event of any kind; a tick is one of its partition."""
    if isinstance(event, Heartbeat):
        return said_by_device(event.location_id, event.device_id, event.occurred_at, profile_of(event))
    if isinstance(event, Tick):
        return said_by_collector(event.collector_id, event.occurred_at, partition)
    return Said(event.TOPIC, event.key, event.identity, event.payload_hash)


def said_by_device(location_id: str, device_id: str, dated: int, profile: Profile) -> Said:
    return Said(Heartbeat.TOPIC, location_id, (device_id, dated, *profile))


def said_by_collector(collector_id: str, at: int, partition: Partition) -> Said:
    return Said(Tick.TOPIC, None, (collector_id, at, partition))


def sample(location_id: str, device_id: str, dated: int, profile: Profile) -> Input:
    said = "up" if profile.up else "down"
    words = f"{device_id} was {said} at {times.render(dated)}, {_rhythm(profile)}"
    if profile.collector_id is not None:
        words += f", heard by {profile.collector_id}"
    return Input(words, said_by_device(location_id, device_id, dated, profile))


def diagnosis(location_id: str, said: Diagnosed) -> Input:
    """A heartbeat that reports a cause, by what it says of that."""
    measured = {"on since": said.uptime_s, "without the provider's servers for": said.server_downtime_s}
    words = f"{said.device_id} reported {said.cause} at {times.render(said.dated)}"
    words += "".join(f", {what} {seconds:g} s" for what, seconds in measured.items() if seconds is not None)
    return Input(words, said_in_diagnosis(location_id, said))


def said_in_diagnosis(location_id: str, said: Diagnosed) -> Said:
    return Said(Heartbeat.TOPIC, location_id, ("diagnosis", *said))


def tick(collector_id: str, at: int, partition: Partition) -> Input:
    words = f"{collector_id} was listening at {times.render(at)}"
    return Input(words, said_by_collector(collector_id, at, partition))


def stream_time(clock: Clock, partition: Partition) -> Input:
    """What brought a partition's time. A heartbeat that did is not named: it may be of any location."""
    of = "" if partition is None else f" of partition {partition}"
    for collector_id, collector in sorted(clock.collectors.items()):
        if collector.newest == clock.newest_tick:
            words = f"stream time{of}: {collector_id} was listening at {times.render(collector.newest)}"
            return Input(words, said_by_collector(collector_id, collector.newest, partition))
    return Input(f"stream time{of}: the newest heartbeat counts for {times.render(clock.time or 0)}")


def record(event: RegistryRecord) -> Input:
    if isinstance(event, Reconciliation):
        who = f"{event.subject} by {event.author}, recorded {times.render(event.recorded_at)}"
        return Input(f"reconciliation {event.entity_id} of {who}: {event.reason}", said_by(event))
    given = _given(event, "entity", event.KEY, "valid_from", "recorded_at", "received_at")
    valid, recorded = times.render(event.valid_from), times.render(event.recorded_at)
    words = f"{event.entity} {event.entity_id} from {valid}, recorded {recorded}: {given or 'nothing more'}"
    return Input(words, said_by(event))


def note(event: Annotation) -> Input:
    until = "the end of its outage" if event.to is None else times.render(event.to)
    words = (
        f"annotation {event.annotation_id}, revision {event.revision}, {event.state}: {event.cause}, from "
        f"{times.render(event.from_)} to {until}, recorded {times.render(event.recorded_at)}"
    )
    people = {"author": event.author, "approved by": event.approved_by, "proposal": event.proposal_id}
    words += "".join(f", {what} {who}" for what, who in people.items() if who is not None)
    return Input(words, said_by(event))


def ticket_event(event: TicketEvent) -> Input:
    given = _given(event, "id", "ticket_id", "account_id", "occurred_at", "event_type", "received_at")
    words = f"ticket {event.ticket_id} {event.event_type} at {times.render(event.occurred_at)}"
    return Input(f"{words}: {given}" if given else words, said_by(event))


def instant(at: int) -> str:
    """An instant in words; what has no end has none."""
    return "open" if at >= FOREVER else times.render(at)


def listed(words: Iterable[object]) -> str:
    return ", ".join(map(str, words))


def _rhythm(profile: Profile) -> str:
    if profile.interval_ms == CHANGES_ONLY:
        return "reports changes only"
    return "states no interval" if profile.interval_ms == UNSTATED else f"reports every {spoken(profile.interval_ms)}"


def _given(event: Whole, *left_out: str) -> str:
    fields: dict[str, Any] = event.written()
    return listed(
        f"{name} {_shown(value)}"
        for name, value in fields.items()
        if name not in left_out and value not in (None, UNSET)
    )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
