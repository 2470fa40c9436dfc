"""A month with one of everything that can be explained: an outage that was reported and one of silence, a proposal that
somebody approved, a credit that was claimed and issued, and a ticket that was answered. As lines of a file, and as the
lines of a platform, which know their partitions and offsets."""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from schemas import times
from schemas.facts.fact import named
from schemas.topics import murmur2_partition
from tests.core import lines

PARTITIONS = 3

MINUTE = 60_000
START = times.parse("2026-03-01T08:00:00Z")
REPORTED = times.parse("2026-03-10T00:00:00Z")
SILENT = times.parse("2026-03-12T12:00:00Z")
NOW = times.parse("2026-05-20T00:00:00Z")

OUTAGE = named("outage/loc/2026-03-10T00:00:00.000Z")
SILENCE = named("outage/loc/2026-03-12T12:01:00.000Z")
PROPOSAL = named("proposal/loc/site_power/2026-03-10T00:00:00.000Z")
CREDIT = named("credit/acme/loc/2026-03")
ENTRY = named("billing/acme/loc/2026-03/1")

CLAIM = {"ticket_type": "credit_claim", "location_id": "loc", "month": "2026-03", "channel": "email"}


def history() -> list[bytes]:
    """Down for 40 minutes, of which 20 are excluded, and silent for 4: 24 minutes earn a day."""
    return [
        lines.record("account", "acme", times.parse("2026-01-01T00:00:00Z"), name="Acme"),
        lines.record(
            "location",
            "loc",
            times.parse("2026-01-01T00:00:00Z"),
            account_id="acme",
            sla_from="2026-02-01T00:00:00Z",
        ),
        lines.record("device", "a", times.parse("2026-01-01T00:00:00Z"), location_id="loc"),
        lines.sample("loc", "a", START, interval="changes"),
        lines.sample("loc", "a", REPORTED, "down", "changes", reported_cause="site_power", uptime_s=86_400.0),
        lines.sample("loc", "a", REPORTED + 40 * MINUTE, interval="changes"),
        lines.sample("loc", "a", SILENT, interval=60),
        lines.sample("loc", "a", SILENT + 5 * MINUTE, interval="changes"),
        lines.sample("loc", "a", SILENT + 5 * MINUTE, interval="changes"),
        lines.sample("elsewhere", "z", SILENT, interval="changes"),
        lines.annotation(
            "loc", "note", 1, REPORTED, REPORTED + 20 * MINUTE, REPORTED + 24 * 60 * MINUTE, proposal_id=PROPOSAL
        ),
        lines.ticket("T1", times.parse("2026-04-02T10:00:00Z"), "created", **CLAIM),
        lines.ticket("T1", times.parse("2026-04-02T12:00:00Z"), "responded", actor="agent", is_public=True),
        lines.ticket("T2", times.parse("2026-03-10T16:00:00Z"), "created", ticket_type="incident", priority="low"),
        lines.ticket("T2", times.parse("2026-03-10T18:00:00Z"), "priority_changed", priority="urgent"),
        lines.ticket("T2", times.parse("2026-03-10T18:30:00Z"), "responded", actor="agent", is_public=True),
        lines.tick("c1", NOW),
    ]


def located(written: Iterable[bytes]) -> Iterator[bytes]:
    """The lines as a platform has them: each where its key belongs, a tick in every partition."""
    offsets: Counter[tuple[str, int]] = Counter()
    for line in written:
        members = msgspec.json.decode(line)
        key, topic = members["key"], members["topic"]
        for partition in range(PARTITIONS) if key is None else [murmur2_partition(key.encode(), PARTITIONS)]:
            offset = 100 + offsets[topic, partition]
            offsets[topic, partition] += 1
            yield msgspec.json.encode(members | {"partition": partition, "offset": offset}) + b"\n"
