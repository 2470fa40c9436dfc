"""What intake says of a location, as decide reads it."""

from typing import Any

import msgspec

from schemas.facts import LocationState
from tests.decide.story import Out


def out(topic: str, partition: int, key: str | None, value: dict[str, Any], stamp: int = 0) -> Out:
    return Out(topic, partition, None if key is None else key.encode(), msgspec.json.encode(value), stamp)


def state_of(
    location_id: str, partition: int, since: int, to: int | None, state: Any, version: int = 0, hold_ms: int = 0
) -> Out:
    """A row of a location with one device. Without a version, that of its last instant."""
    fact = LocationState(
        terms="terms",
        fold_version=1,
        settings={},
        version=version or to or since,
        location_id=location_id,
        from_=since,
        to=to,
        state=state,
        devices_up=int(state == "up"),
        devices_down=int(state == "down"),
        devices_unknown=int(state == "unknown"),
        devices_silent=0,
        resolution_ms=hold_ms or None,
    )
    return out(LocationState.TOPIC, partition, location_id, fact.written())
