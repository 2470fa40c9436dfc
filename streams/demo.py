"""A month of a sample fleet through the live platform: played, waited for, and read back."""

from collections.abc import Callable, Mapping
from typing import Any

from clickhouse_connect.driver.client import Client

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


def months(client: Client) -> list[dict[str, Any]]:
    """The closed months, the worst first, each with the credit it earned."""
    query = """
        SELECT a.*, c.credit_days AS credit_days, c.claim_deadline AS claim_deadline
        FROM (SELECT * FROM availability_current WHERE closed) AS a
        LEFT JOIN credits_current AS c USING (account_id, location_id, month)
        ORDER BY a.down_ms DESC, a.unknown_ms DESC, a.location_id"""
    return [dict(row) for row in client.query(query).named_results()]
