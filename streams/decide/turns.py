"""When the time of its own partition changes what is said of a location (semantics §4).

A month is said again when a state ends or another begins, and when a month begins or ends: by the time up to which the
location's states are known. Only the closing of months waits for every partition; that is the fold's own `due`.
"""

import msgspec

from schemas.facts import LocationState
from streams.engine import FOREVER
from streams.folds.availability import Months
from streams.folds.outages import unretracted
from streams.folds.world import World


def changes_from(row: LocationState, known: LocationState | None) -> int:
    """The first instant of which a state says something else than what was known of its beginning."""
    if known is None or not msgspec.structs.replace(known, to=row.to).says(row):
        return row.from_
    return min(FOREVER if to is None else to for to in (known.to, row.to))


def next_turn(location_id: str, months: Months, world: World, partition: int) -> int:
    """The first instant that the partition's time has not reached and at which there is something else to be said."""
    clock = world.clock(partition)
    now = clock.time or 0
    states = [at for row in months.rows for at in (row.from_, row.to) if at is not None]
    begins = [
        turn + 1  # nothing has passed of what begins now
        for tenure in world.registry.tenures(location_id)
        for month in world.account_calendar(tenure.account_id).months(now, now + 1)
        for turn in (tenure.since, month.start, month.end)
    ]
    begins += [row.from_ + 1 for row in unretracted(months.rows)[:1]]  # it may have been heard before any tick was
    return min((at for at in (*states, *begins) if at > now), default=FOREVER)
