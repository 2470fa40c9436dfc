"""What goes wrong: outages of every kind, and a collector that dies for an hour."""

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

from schemas.derivation import DAY_MS, HOUR_MS
from schemas.events import Annotation
from streams.simulate.fleet import Member, Simulation, Site

MINUTE_MS = 60_000
MEDIAN_MS = 45 * MINUTE_MS
SHORTEST_MS, LONGEST_MS = 4 * MINUTE_MS, 20 * HOUR_MS

Kind = Literal["silence", "reported", "power", "internet", "device", "blind"]
KINDS: tuple[Kind, ...] = ("silence", "power", "device", "reported", "internet")


class Incident(NamedTuple):
    """Devices that are not heard in ``[start, end)``, and why. `blind` is the collector's fault, not theirs."""

    kind: Kind
    start: int
    end: int
    members: list[Member]

    @property
    def is_reported(self) -> bool:
        """Whether the devices say `down` before they fall silent."""
        return self.kind in ("reported", "power", "internet")

    @property
    def cause(self) -> Literal["site_power", "site_internet"] | None:
        return {"power": "site_power", "internet": "site_internet"}.get(self.kind)  # type: ignore[return-value]


def incidents(simulation: Simulation, fleet: list[Site], random: Random) -> list[Incident]:
    """In order of time. Each location has at most one a day, which is over within the day."""
    days = int(simulation.days)
    found = [
        _incident(KINDS[number % len(KINDS)], simulation.start + day * DAY_MS, site, random)
        for number, (site, day) in enumerate(_struck(simulation, fleet, days, random))
    ]
    if days and simulation.outages:
        dies_at = simulation.start + days // 2 * DAY_MS + 22 * HOUR_MS
        deaf = [each for site in fleet for each in site.members if each.collector_id == "collector-1"]
        found.append(Incident("blind", dies_at, dies_at + HOUR_MS, deaf))
    return sorted(found, key=lambda incident: incident.start)


def _struck(simulation: Simulation, fleet: list[Site], days: int, random: Random) -> Iterator[tuple[Site, int]]:
    expected = simulation.outages * simulation.days / 30
    for site in fleet:
        count = min(days, int(expected) + (random.random() < expected % 1))
        for day in sorted(random.sample(range(days), count)):
            if site.closed_at is None or simulation.start + (day + 1) * DAY_MS <= site.closed_at:
                yield site, day


def _incident(kind: Kind, day: int, site: Site, random: Random) -> Incident:
    start = day + random.randrange(90 * MINUTE_MS)
    lasted = min(LONGEST_MS, max(SHORTEST_MS, round(random.lognormvariate(0, 1.2) * MEDIAN_MS)))
    members = site.members[:1] if kind == "device" else site.members
    return Incident(kind, start, start + lasted, members)


def annotations(found: list[Incident]) -> Iterator[Annotation]:
    """What the NOC made of it: of what a site itself caused, most is approved as excluded, some only until the outage
    ends, and some approvals are taken back."""
    explained = [incident for incident in found if incident.cause is not None and incident.members]
    for number, incident in enumerate(explained, 1):
        if number % 5 == 4:
            continue
        yield _annotation(number, incident, 1, "approved", 3 * HOUR_MS)
        if number % 5 == 2:
            yield _annotation(number, incident, 2, "retracted", 26 * HOUR_MS)


def _annotation(
    number: int, incident: Incident, revision: int, state: Literal["approved", "retracted"], after_ms: int
) -> Annotation:
    cause = incident.cause
    assert cause is not None
    return Annotation(
        id=f"note-{number}-{revision}",
        annotation_id=f"note-{number}",
        revision=revision,
        location_id=incident.members[0].location_id,
        from_=incident.start,
        to=None if number % 5 == 3 else incident.end,
        cause=cause,
        state=state,
        author="noc-ana",
        approved_by="noc-ben",
        evidence="as the site says" if state == "approved" else "the site was wrong",
        recorded_at=incident.end + after_ms,
    )
