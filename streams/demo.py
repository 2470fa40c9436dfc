"""A month of a sample fleet through the live platform: played, waited for, and read back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.events import Annotation
from schemas.wire import encode_event
from streams.publishing import Publisher
from streams.simulate import Simulation, play

MONTH = Simulation(days=32.5, ticks_s=60)
"""June, and time enough for it to close. Its ticks are a minute apart: `BLIND_AFTER_S` must be longer."""
BLIND_AFTER_S = 150
PARTITIONS = 2
"""Every tick goes to every partition: more of them would be more ticks, and no more to see."""


def publish(simulation: Simulation, kafka: Mapping[str, str], partitions: int, count: Callable[[int], None]) -> int:
    """Play a simulation to Kafka: how many events it has. `count` is told how many more of them have gone."""
    sent = 0
    with Publisher(kafka, partitions) as publisher:
        for batch in play(simulation):
            for _, topic, key, value in batch:
                publisher.send(topic, None if key is None else key.encode(), value.encode())
            sent += len(batch)
            count(len(batch))
    return sent


def correct(client: Client, kafka: Mapping[str, str]) -> dict[str, Any]:
    """After the largest credit was issued, somebody approves a cause for most of its downtime: what was corrected."""
    query = """
        SELECT c.account_id AS account_id, c.location_id AS location_id, c.month AS month, c.credit_days AS credit_days,
            argMax(o.started_at, dateDiff('second', o.started_at, o.ended_at)) AS begins,
            argMax(o.ended_at, dateDiff('second', o.started_at, o.ended_at)) AS ends
        FROM (SELECT * FROM credits_current WHERE state = 'issued') AS c
        INNER JOIN (SELECT * FROM location_outages_current WHERE isNotNull(ended_at)) AS o
            ON o.location_id = c.location_id
        GROUP BY account_id, location_id, month, credit_days
        ORDER BY credit_days DESC, location_id LIMIT 1"""
    (found,) = client.query(query).named_results()
    note = Annotation(
        id="fibre-cut-1",
        annotation_id="fibre-cut",
        revision=1,
        location_id=found["location_id"],
        from_=_ms(found["begins"]),
        to=_ms(found["ends"]),
        cause="third_party",
        state="approved",
        author="noc",
        approved_by="supervisor",
        evidence="an excavator cut the fibre",
        recorded_at=MONTH.end - MONTH.ticks_s * 1000,  # nobody reads of what the platform's time has not reached
    )
    with Publisher(kafka, PARTITIONS) as publisher:
        publisher.send(note.TOPIC, note.location_id.encode(), encode_event(note))
    return dict(found)


def answers(client: Client) -> list[tuple[str, int]]:
    """How many claims got which answer, the most frequent first."""
    rows = client.query(
        "SELECT answer, count() FROM claim_answers_current GROUP BY answer ORDER BY count() DESC, answer"
    )
    return [(answer, count) for answer, count in rows.result_rows]


def entries(client: Client, location_id: str) -> list[dict[str, Any]]:
    """What the ledger has of a location, in order."""
    query = "SELECT * FROM billing_credits_current WHERE location_id = {location:String} ORDER BY account_id, month, n"
    return [dict(row) for row in client.query(query, parameters={"location": location_id}).named_results()]


def owed(client: Client) -> tuple[int, int, bool]:
    """Of the whole ledger how many entries it has, what they add up to, and whether no chain has a gap."""
    query = "SELECT sum(entries), sum(days), min(is_whole) FROM billing_chains"
    ((count, days, whole),) = client.query(query).result_rows
    return count, days, bool(whole)


def responses(client: Client) -> tuple[int, int]:
    """Of the tickets that count how many were answered in time, and how many there are."""
    query = "SELECT sum(met), sum(total) FROM response_monthly_current WHERE priority = 'all' AND window = 'all'"
    ((met, total),) = client.query(query).result_rows
    return met, total


def _ms(at: datetime) -> int:
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


def months(client: Client) -> list[dict[str, Any]]:
    """The closed months, the worst first, each with the credit it earned."""
    query = """
        SELECT a.*, c.credit_days AS credit_days, c.claim_deadline AS claim_deadline
        FROM (SELECT * FROM availability_current WHERE closed) AS a
        LEFT JOIN credits_current AS c USING (account_id, location_id, month)
        ORDER BY a.down_ms DESC, a.unknown_ms DESC, a.location_id"""
    return [dict(row) for row in client.query(query).named_results()]
