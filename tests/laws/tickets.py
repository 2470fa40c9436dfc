"""Random histories of tickets: what the laws of the desk are tried on.

Times are drawn so that targets are met to the millisecond and missed by one, and merges so that they make chains and
circles. Everything is drawn from one `random.Random`, as in `strategies`.
"""

from random import Random
from typing import Any

from hypothesis import strategies as st

from schemas import times
from schemas.terms.book import Book
from schemas.topics import murmur2_partition
from tests.core import lines
from tests.core.cases import book_of
from tests.laws.strategies import PARTITIONS, Recording, Said

ACCOUNTS = ("acme", "beta")
LOCATIONS = ("l1", "l2")
HOUR = 3_600_000

CREATED = [
    times.parse(f"2026-03-{day}-08:00")
    for day in ("27T18:00:00", "28T08:00:00", "30T04:59:59.999", "30T05:00:00", "31T16:30:00", "31T23:59:59.999")
] + [times.parse("2026-04-01T10:00:00-08:00"), times.parse("2026-04-03T10:00:00-08:00")]
"""A Friday evening to Good Friday, around the month's edge."""
AFTER = [0, HOUR // 2, HOUR, 4 * HOUR, 24 * HOUR, 48 * HOUR]
BESIDE = [-1, 0, 1]

EARLY = times.parse("2026-01-01T00:00:00Z")
TYPES = [None, None, "incident", "request", "complaint", "credit_claim", "number_port", "number_change"]
PRIORITIES = [None, "urgent", "urgent", "medium", "low"]


def _book(**changes: Any) -> Book:
    return book_of({"terms": [{f"response.{name}": value for name, value in changes.items()}]})


BOOKS = (
    _book(),
    _book(clock="contact"),
    _book(clock="contact", pause_while_pending_customer=True),
    _book(next_business_day="same_day_before_opening"),
    _book(hours_zone="America/Vancouver"),
    _book(attainment="0.5", ticket_types=("incident", "request")),
    book_of({"terms": [{}, {"effective": "2026-04-01", "response.in_contact_hours.urgent": "2 h"}]}),
    book_of({"terms": [{}, {"series": "gold", "response.clock": "contact"}]}),
)


def ticket(chance: Random, account_id: str, ticket_id: str, others: list[str]) -> Said:
    """What happened to a ticket."""
    created = chance.choice(CREATED) + chance.choice(BESIDE)
    asked: dict[str, Any] = chance.choice([{}, {}, {}, {"actor": "agent"}, {"actor": "agent", "on_behalf": True}])
    said = [(created, "created", {"priority": chance.choice(PRIORITIES), "ticket_type": chance.choice(TYPES), **asked})]
    if not chance.randrange(8):
        said[0][2]["priority"] = "low"
        said += [(created + 4 * HOUR - 60_000, "priority_changed", {"priority": "urgent"})]
        said += [(created + 4 * HOUR + 60_000, "priority_changed", {"priority": "medium"})]
    if not chance.randrange(12):
        del said[0]
    for _ in range(chance.randrange(6)):
        at = created + chance.choice(AFTER) + chance.choice(BESIDE) * chance.choice([1, 1, 60_000])
        said.append((at, *step(chance, others)))
    return [
        (at, lines.ticket(ticket_id, at, event_type, id=f"{ticket_id}/{n}", account_id=account_id, **stated(fields)))
        for n, (at, event_type, fields) in enumerate(said)
    ]


def step(chance: Random, others: list[str]) -> tuple[str, dict[str, Any]]:
    return chance.choice(
        [
            ("responded", {"actor": "agent", "is_public": True}),
            ("note_added", {"actor": "agent", "is_public": chance.random() < 0.5}),
            ("priority_changed", {"priority": chance.choice(["urgent", "medium", "low"])}),
            ("priority_changed", {"priority": chance.choice(["urgent", "medium"])}),
            ("status_changed", {"status": chance.choice(["pending_customer", "open"])}),
            ("merged", {"merged_into": chance.choice(others)}),
            ("closed", {"actor": chance.choice(["customer", "agent"])}),
            ("reopened", {"actor": "customer"}),
        ]
    )


def stated(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def broadcasts(chance: Random) -> Said:
    """Perhaps some heartbeats, in partitions of their own, or ticks to every partition; perhaps another series."""
    said: Said = []
    for _ in range(chance.choice([0, 0, 1, 3])):
        at = chance.choice(CREATED) + chance.choice(AFTER) + chance.choice(BESIDE)
        location_id = chance.choice(LOCATIONS)
        partition = murmur2_partition(location_id.encode(), PARTITIONS)
        said.append((at, lines.sample(location_id, "a", at, partition=partition)))
    for _ in range(chance.choice([0, 0, 0, 2])):
        at = chance.choice(CREATED) + chance.choice(AFTER) + chance.choice(BESIDE)
        said.append((at, lines.tick("clock", at, chance.choice([None, 1, 2]))))
    for _ in range(chance.choice([0, 1, 2])):
        since = chance.choice([EARLY, *CREATED])
        series = chance.choice(["gold", "standard"])
        said.append((since, lines.record("account", chance.choice(ACCOUNTS), since, since, terms=series)))
    return said


def history(chance: Random) -> Recording:
    said = broadcasts(chance)
    for account_id in ACCOUNTS:
        names = [f"{account_id}-{n}" for n in range(chance.randint(1, 5))]
        for ticket_id in names:
            said += ticket(chance, account_id, ticket_id, names)
    said.sort(key=lambda each: each[0])
    return Recording(chance.choice(BOOKS), tuple(line for _, line in said), partitioned=True)


def histories() -> st.SearchStrategy[Recording]:
    """What hypothesis draws, and shrinks."""
    return st.randoms(use_true_random=False).map(history)
