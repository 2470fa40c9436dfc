"""RIPE Atlas probes, connecting to and disconnecting from their controllers (built-in measurement 7000).

A probe is a device and a location, its controller the collector. The controller itself saw each change when it
happened, so that is also when it arrived; nobody ticks.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from schemas import times
from schemas.events import Heartbeat
from schemas.wire import encode_line


class Change(msgspec.Struct):
    """What matters of one record: which probe, since when (s), and at which controller."""

    prb_id: int
    timestamp: int
    event: Literal["connect", "disconnect"]
    controller: str


def lines(recording: bytes) -> Iterator[bytes]:
    """The lines of a recording, a JSON list of changes in any order. Raises `ValueError`, which says what is wrong."""
    changes = msgspec.json.decode(recording, type=list[Change])
    changes.sort(key=lambda change: (change.timestamp, change.prb_id, change.event))
    for change in changes:
        probe = str(change.prb_id)
        at = times.render(change.timestamp * 1000)
        value = {
            "id": f"{probe}-{change.timestamp}-{change.event}",
            "device_id": probe,
            "location_id": probe,
            "occurred_at": at,
            "received_at": at,
            "status": "up" if change.event == "connect" else "down",
            "interval_s": None,
            "collector_id": change.controller,
        }
        yield encode_line(Heartbeat.TOPIC, probe, value)
