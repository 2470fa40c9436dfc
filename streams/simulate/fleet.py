"""Who is there: accounts, locations, devices and the collectors that listen to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from schemas import times
from schemas.derivation import DAY_MS
from schemas.events import RegistryRecord
from schemas.events.registry import Account, Device, Location

LOCATIONS_PER_ACCOUNT = 4


@dataclass(frozen=True)
class Simulation:
    """What to simulate. `outages` is how many each location has in 30 days; `late` and `duplicates` are shares of the
    heartbeats; `start` is in ms."""

    locations: int = 50
    devices: int = 120
    days: float = 30
    interval_s: int = 300
    seed: int = 1
    outages: float = 1.0
    late: float = 0.01
    duplicates: float = 0.005
    ticks_s: int = 10
    collectors: int = 3
    start: int = times.parse("2026-06-01T08:00:00Z")  # where the contract's June begins

    @property
    def end(self) -> int:
        return self.start + round(self.days * DAY_MS)

    @property
    def events(self) -> int:
        """About how many events it has."""
        seconds = (self.end - self.start) // 1000
        return seconds // self.interval_s * self.devices + seconds // self.ticks_s * self.collectors


class Member(NamedTuple):
    """A device of the fleet, and how it is listened to."""

    device_id: str
    location_id: str
    collector_id: str
    phase_ms: int
    """When in its interval it reports."""
    latency_ms: int
    """From there to its arrival; it does not reach into the next second."""


class Site(NamedTuple):
    """A location of the fleet; `turn` is when its circumstances change, if they do."""

    location_id: str
    account_id: str
    members: list[Member]
    closed_at: int | None


def sites(simulation: Simulation, random: Random) -> list[Site]:
    """Every location has a device; the others stand anywhere."""
    places: list[list[Member]] = [[] for _ in range(simulation.locations)]
    width = len(str(simulation.devices))
    for number in range(simulation.devices):
        place = number if number < len(places) else random.randrange(len(places))
        location_id, collector_id = _location_id(place, simulation), f"collector-{place % simulation.collectors + 1}"
        second = random.randrange(simulation.interval_s)
        phase, latency = second * 1000 + random.randrange(700), random.randrange(20, 300)
        places[place].append(Member(f"dev-{number + 1:0{width}}", location_id, collector_id, phase, latency))
    return [
        Site(
            _location_id(place, simulation),
            f"acct-{place // LOCATIONS_PER_ACCOUNT + 1:02}",
            members,
            simulation.start + (simulation.end - simulation.start) * 2 // 3 if place % 17 == 16 else None,
        )
        for place, members in enumerate(places)
    ]


def _location_id(place: int, simulation: Simulation) -> str:
    return f"loc-{place + 1:0{len(str(simulation.locations))}}"


def registry(simulation: Simulation, fleet: list[Site]) -> Iterator[RegistryRecord]:
    """Everything is registered a day ahead. Now and then a location moves to the provider's circuit in the middle,
    stays on the customer's broadband, changes hands or closes."""
    before, middle = simulation.start - DAY_MS, (simulation.start + simulation.end) // 2
    for account_id in sorted({site.account_id for site in fleet}):
        yield Account(account_id=account_id, name=f"Customer {account_id[5:]}", valid_from=before, recorded_at=before)
    for place, site in enumerate(fleet):
        yield from _versions(place, site, fleet, before, middle)
        for member in site.members:
            yield Device(
                device_id=member.device_id,
                location_id=site.location_id,
                heartbeat_interval_s=float(simulation.interval_s),
                valid_from=before,
                recorded_at=before,
            )


def _versions(place: int, site: Site, fleet: list[Site], before: int, middle: int) -> Iterator[Location]:
    def version(
        account_id: str, since: int, circuit: int | None, recorded_at: int, closed_at: int | None = None
    ) -> Location:
        return Location(
            location_id=site.location_id,
            account_id=account_id,
            access="customer_broadband" if circuit is None else "provider_circuit",
            sla_from=circuit,
            closed_at=closed_at,
            name=f"Branch {place + 1}",
            timezone="America/Vancouver",
            valid_from=since,
            recorded_at=recorded_at,
        )

    on_broadband = place % 17 in (5, 6)
    yield version(site.account_id, before, None if on_broadband else before, before)
    if place % 17 == 6:
        yield version(site.account_id, middle, middle, middle)
    if place % 17 == 11:
        yield version(fleet[(place + 5) % len(fleet)].account_id, middle, before, middle)
    if site.closed_at is not None:
        yield version(site.account_id, site.closed_at, before, site.closed_at, site.closed_at)
