"""Input events as lines of a file: every test feeds the core through the wire, as the world does."""

from typing import Any, Literal

from schemas import times
from schemas.wire import encode_line

Interval = float | Literal["changes"] | None
"""Seconds, changes only, or not stated."""


def sample(
    location_id: str,
    device_id: str,
    at: int,
    status: str = "up",
    interval: Interval = None,
    collector_id: str | None = None,
    received_at: int | None = None,
    buffered: bool = False,
    partition: int | None = None,
    **diagnosis: Any,
) -> bytes:
    """A heartbeat; a `diagnosis` is its `reported_cause`, and what was measured beside it."""
    value: dict[str, Any] = {
        "id": f"{device_id}/{at}/{status}/{received_at}",
        "device_id": device_id,
        "location_id": location_id,
        "occurred_at": times.render(at),
        "status": status,
    }
    if interval is not None:
        value["interval_s"] = None if interval == "changes" else interval
    if collector_id is not None:
        value["collector_id"] = collector_id
    if received_at is not None:
        value["received_at"] = times.render(received_at)
    if buffered:
        value["buffered"] = True
    value.update({name: said for name, said in diagnosis.items() if said is not None})
    return encode_line("device-heartbeats", location_id, value, partition=partition)


def tick(collector_id: str, at: int, partition: int | None = None) -> bytes:
    value = {"id": f"{collector_id}/{at}", "collector_id": collector_id, "occurred_at": times.render(at)}
    return encode_line("device-heartbeats", None, value, partition=partition)


def record(entity: str, entity_id: str, valid_from: int, recorded_at: int | None = None, **fields: Any) -> bytes:
    """A version of a registry entity; its instants are given as text."""
    value = {
        "entity": entity,
        f"{entity}_id": entity_id,
        "valid_from": times.render(valid_from),
        "recorded_at": times.render(valid_from if recorded_at is None else recorded_at),
        **fields,
    }
    return encode_line("registry", entity_id, value)


def annotation(
    location_id: str,
    annotation_id: str,
    revision: int,
    from_: int,
    to: int | None,
    recorded_at: int,
    *,
    partition: int | None = None,
    **fields: Any,
) -> bytes:
    """A revision, approved by another person than its author unless the fields say otherwise."""
    value = {
        "id": f"{annotation_id}/{revision}/{recorded_at}",
        "annotation_id": annotation_id,
        "revision": revision,
        "location_id": location_id,
        "from": times.render(from_),
        "to": None if to is None else times.render(to),
        "cause": "site_power",
        "state": "approved",
        "author": "ann",
        "approved_by": "bob",
        "recorded_at": times.render(recorded_at),
        **fields,
    }
    return encode_line("outage-annotations", location_id, value, partition=partition)


def ticket(ticket_id: str, at: int, event_type: str, *, account_id: str = "acme", **fields: Any) -> bytes:
    """A step of a ticket, which the customer creates unless the fields say otherwise."""
    value = {
        "id": f"{ticket_id}/{event_type}/{at}",
        "ticket_id": ticket_id,
        "account_id": account_id,
        "occurred_at": times.render(at),
        "event_type": event_type,
        **({"actor": "customer"} if event_type == "created" else {}),
        **fields,
    }
    return encode_line("tickets", account_id, value)
