"""A month of a sample fleet through the live platform: played, waited for, and read back."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from schemas.events import Heartbeat, RegistryRecord
from schemas.events.annotation import Annotation
from schemas.facts import Availability, Credit, DeadLetter, LocationOutage, LocationState, Progress
from schemas.topics import DECIDE_APP
from streams.archive.wait import caught_up
from streams.intake.session import GROUP as INTAKE_GROUP
from streams.publishing import Publisher
from streams.simulate import Simulation, play

MONTH = Simulation(days=32.5, ticks_s=60)
"""June, and time enough for it to close. Its ticks are a minute apart: `BLIND_AFTER_S` must be longer."""
BLIND_AFTER_S = 150
PARTITIONS = 4

POLL_S = 0.2
STEADY_S = 3.0

READ_BY_CLICKHOUSE = (
    Heartbeat.TOPIC,
    RegistryRecord.TOPIC,
    Annotation.TOPIC,
    LocationState.TOPIC,
    LocationOutage.TOPIC,
    Availability.TOPIC,
    Credit.TOPIC,
    DeadLetter.TOPIC,
    Progress.TOPIC,
)


def publish(simulation: Simulation, kafka: Mapping[str, str], partitions: int, count: Callable[[int], None]) -> None:
    """Play a simulation to Kafka; `count` is told how many more events have gone."""
    with Publisher(kafka, partitions) as publisher:
        for batch in play(simulation):
            for _, topic, key, value in batch:
                publisher.send(topic, None if key is None else key.encode(), value.encode())
            count(len(batch))


class Following:
    """How far the groups that read a platform's topics have come. A context."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._kafka = kafka
        self._groups = {
            group: Consumer({**kafka, "group.id": group, "enable.auto.commit": False})
            for group in (INTAKE_GROUP, DECIDE_APP)
        }

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_: object) -> None:
        for consumer in self._groups.values():
            consumer.close()

    def ends(self, topic: str) -> dict[int, int]:
        """The next offset of each partition."""
        consumer = self._groups[INTAKE_GROUP]
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
            for partition in partitions
        }

    def lag(self, group: str, topic: str) -> int:
        """How many messages a group has not finished."""
        ends = self.ends(topic)
        places = [TopicPartition(topic, partition) for partition in ends]
        committed = self._groups[group].committed(places, timeout=10)
        return sum(max(0, ends[each.partition] - max(each.offset, 0)) for each in committed)

    def wait(self, check: Callable[[], None], tell: Callable[[str], None], timeout_s: float = 300) -> None:
        """Return when intake and decide have finished what is there. `check` raises when they cannot.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout_s
        before: object = None
        since = time.monotonic()
        while True:
            check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"intake and decide are not done after {timeout_s:g} s")
            behind = {
                "intake": self.lag(INTAKE_GROUP, Heartbeat.TOPIC),
                "decide": sum(self.lag(DECIDE_APP, topic) for topic in (LocationState.TOPIC, Annotation.TOPIC)),
            }
            tell(", ".join(f"{name} has {left:,} to go" for name, left in behind.items() if left) or "settling")
            published = [self.ends(topic) for topic in (LocationState.TOPIC, Availability.TOPIC, Credit.TOPIC)]
            if any(behind.values()) or published != before:
                before, since = published, time.monotonic()
            elif time.monotonic() - since > STEADY_S:
                return
            time.sleep(POLL_S)

    def wait_for_tables(self, client: Client, timeout_s: float = 120) -> None:
        """Return when ClickHouse has read every topic to its end. Raises TimeoutError."""
        for topic in READ_BY_CLICKHOUSE:
            caught_up(client, topic, self.ends(topic), timeout_s, kafka=self._kafka)


def months(client: Client) -> list[dict[str, Any]]:
    """The closed months, the worst first, each with the credit it earned."""
    query = """
        SELECT a.*, c.credit_days AS credit_days, c.claim_deadline AS claim_deadline
        FROM (SELECT * FROM availability_current WHERE closed) AS a
        LEFT JOIN credits_current AS c USING (account_id, location_id, month)
        ORDER BY a.down_ms DESC, a.unknown_ms DESC, a.location_id"""
    return [dict(row) for row in client.query(query).named_results()]
