"""What decide, the help desk and the registry say over some weeks, seeded: months that close and are corrected, claims
of every kind; and what is owed in the end, worked out at once."""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS
from schemas.events import Heartbeat, TicketEvent
from schemas.facts import Availability, Correction, Fact, Progress
from schemas.partitioner import murmur2_partition
from schemas.wire import decode, parse_line
from streams.engine import Position
from streams.folds.billing import Billing
from streams.folds.chain import Chain
from streams.folds.claim_answers import ClaimAnswers
from streams.folds.credits import Credits
from streams.folds.months import DEPENDS_ON
from streams.folds.world import World
from streams.ledger.transactions import encode
from tests.core import lines
from tests.decide.story import BOOK, DERIVATION

MONTH = BOOK.files[0]
START, END = times.parse("2026-03-01T08:00:00Z"), times.parse("2026-04-01T08:00:00Z")
DEADLINE = times.parse("2026-05-02T08:00:00Z")
LOCATIONS = 60
PARTITIONS = 3
MINUTE = 60_000


class Out(NamedTuple):
    """A message, and when it is said."""

    at: int
    topic: str
    partition: int
    key: bytes | None
    value: bytes


class Story:
    """`outs` in the order in which they are said."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)
        self._version = 0
        outs = [out for number in range(LOCATIONS) for out in self._location(number)]
        outs += self._time()
        self.outs = sorted(outs, key=lambda out: out.at)

    def owed(self) -> list[Fact]:
        """Credits, answers and the shortest chains, from all of it at once."""
        world = World(BOOK, DERIVATION)
        chain = Chain(world, (Credits, ClaimAnswers, Billing))
        for out in self.outs:
            if out.topic == Availability.TOPIC:
                month = Availability.read(msgspec.json.decode(out.value))
                chain.loop.absorb(out.topic, month.location_id, month, None)
            elif out.topic == TicketEvent.TOPIC:
                event = decode(out.topic, out.value, key=out.key, timestamp=out.at)
                assert isinstance(event, TicketEvent)
                chain.absorb(event, None)
            elif out.topic == "registry":
                world.registry.absorb(decode(out.topic, out.value, key=out.key))  # type: ignore[arg-type]
        world.clock(None).event(max(out.at for out in self.outs))
        return [*chain.settle_desk(), *chain.loop.settle_all(chain.loop.keys, Position())]

    def _location(self, number: int) -> Iterator[Out]:
        chance, location_id = self._chance, f"loc-{number}"
        account_id = f"acct-{number % 7}"
        yield _out(START - DAY_MS, lines.record("location", location_id, START, account_id=account_id))
        minutes = chance.choice([0, 14, 15, 31, 61, 250])
        yield self._month(account_id, location_id, START + DAY_MS, minutes, closed=False)
        closes, steps = END + 48 * HOUR_MS, [(END, minutes)]
        yield self._month(account_id, location_id, closes + chance.randrange(HOUR_MS), minutes, closed=True)
        for _ in range(chance.choice([0, 0, 1, 2, 3])):
            at = max(steps[-1][0], closes) + chance.randrange(1, 12 * DAY_MS)
            steps.append((at, chance.choice([0, 15, 31, 61])))
            yield self._month(account_id, location_id, at, steps[-1][1], closed=True, steps=steps)
        for claim in range(chance.choice([0, 1, 1, 2, 3])):
            yield from self._claim(f"T{number}-{claim}", account_id, location_id)

    def _claim(self, ticket_id: str, account_id: str, location_id: str) -> Iterator[Out]:
        chance = self._chance
        at = chance.choice([START + 9 * DAY_MS, END + 5 * DAY_MS, END + 20 * DAY_MS, DEADLINE + HOUR_MS])
        at += chance.randrange(DAY_MS)
        fields: dict[str, Any] = {"ticket_type": "credit_claim", "location_id": location_id, "month": "2026-03"}
        if chance.randrange(5) == 0:
            fields["channel"] = "phone"
        if chance.randrange(6) == 0:
            account_id = "acct-x"
        if chance.randrange(6) == 0:
            del fields["month"]
            yield _ticket(at + DAY_MS, ticket_id, "note_added", account_id=account_id, month="2026-03")
        yield _ticket(at, ticket_id, "created", account_id=account_id, **fields)

    def _month(
        self,
        account_id: str,
        location_id: str,
        at: int,
        minutes: int,
        *,
        closed: bool,
        steps: list[tuple[int, int]] | None = None,
    ) -> Out:
        self._version += 1
        down = minutes * MINUTE
        month = Availability(
            terms=MONTH.reference,
            fold_version=1,
            settings={name: getattr(DERIVATION, name) for name in DEPENDS_ON},
            version=self._version,
            account_id=account_id,
            location_id=location_id,
            month="2026-03",
            covered_ms=END - START,
            up_ms=END - START - down,
            down_ms=down,
            excluded_ms=0,
            unknown_ms=0,
            availability=None,
            objective_met=not down,
            budget_left_ms=MONTH.budget_ms(END - START) - down,
            incomplete=False,
            resolution_ms=None,
            closed=closed,
            as_of=END if closed else at,
            final_at=END + DERIVATION.correction_horizon_ms,
            terms_before_effective=False,
            corrections=tuple(Correction(at, each * MINUTE) for at, each in steps or ()),
        )
        return Out(at, month.TOPIC, _partition(location_id), location_id.encode(), encode(month.written()))

    def _time(self) -> Iterator[Out]:
        """Every partition's, an hour at a time."""
        for version, at in enumerate(range(START, DEADLINE + 40 * DAY_MS, 6 * HOUR_MS), 1):
            for partition in range(PARTITIONS):
                progress = Progress(
                    topic=Heartbeat.TOPIC, partition=partition, through=at, first=START, version=version
                )
                yield Out(at, progress.TOPIC, 0, None, encode(progress.written()))


def _ticket(at: int, ticket_id: str, event_type: str, **fields: Any) -> Out:
    """It says itself when it arrived: Kafka's clock is today's."""
    return _out(at, lines.ticket(ticket_id, at, event_type, received_at=times.render(at), **fields))


def _out(at: int, written: bytes) -> Out:
    line = parse_line(written)
    key = line.key or b""  # type: ignore[union-attr]
    partition = 0 if line.topic == "registry" else _partition(key.decode())  # type: ignore[union-attr]
    return Out(at, line.topic, partition, key, line.value or b"")  # type: ignore[union-attr]


def _partition(key: str) -> int:
    return murmur2_partition(key.encode(), PARTITIONS)
