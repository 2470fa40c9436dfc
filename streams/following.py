"""How far the groups that read a platform's topics have come, and waiting for them."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, TopicPartition

from schemas.events import Annotation, Heartbeat, RegistryRecord, TicketEvent
from schemas.facts import FACTS, Availability, BillingCredit, Credit, DeadLetter, Fact, LocationState, Progress
from schemas.partitioner import partition_of
from schemas.topics import DECIDE_APP, TOPICS
from streams.archive.wait import caught_up
from streams.intake.session import GROUP as INTAKE_GROUP
from streams.intake.share import FOLDS as INTAKE_FOLDS
from streams.ledger.seat import GROUP as LEDGER_GROUP

POLL_S = 0.2
STEADY_S = 3.0
"""What time brings about, such as the close of a month, has no message that says that more is to come."""

READ_BY_CLICKHOUSE = (
    Heartbeat.TOPIC,
    RegistryRecord.TOPIC,
    Annotation.TOPIC,
    TicketEvent.TOPIC,
    *(fact.TOPIC for fact in FACTS),
    DeadLetter.TOPIC,
    Progress.TOPIC,
)

PUBLISHED = (LocationState.TOPIC, Availability.TOPIC, Credit.TOPIC, BillingCredit.TOPIC)

SAID_BY_INTAKE = frozenset(fold.fact.TOPIC for fold in INTAKE_FOLDS)

READERS = {
    "intake": (INTAKE_GROUP, (Heartbeat.TOPIC,)),
    "worker": (DECIDE_APP, (LocationState.TOPIC, Annotation.TOPIC)),
    "ledger": (LEDGER_GROUP, (Availability.TOPIC, TicketEvent.TOPIC, Progress.TOPIC)),
}
"""Each process' group, and what it reads."""


def versions_reached(kafka: Mapping[str, str]) -> Callable[[Fact], int]:
    """Of a fact the greatest version that whoever says it may have given by now: intake goes by its own partition and
    the registry, and nobody has read more than everything."""
    with Following(kafka) as following:
        heartbeats = following.ends(Heartbeat.TOPIC)
        registry = sum(following.ends(RegistryRecord.TOPIC).values())
        everything = sum(sum(following.ends(topic).values()) for topic in TOPICS)

    def reached(fact: Fact) -> int:
        if fact.TOPIC in SAID_BY_INTAKE:
            return heartbeats[partition_of(fact.key, partitions=len(heartbeats))] + registry
        return everything

    return reached


class Following:
    """How far the groups that read a platform's topics have come. A context."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._kafka = kafka
        self._groups = {
            group: Consumer({**kafka, "group.id": group, "enable.auto.commit": False}) for group, _ in READERS.values()
        }

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_: object) -> None:
        for consumer in self._groups.values():
            consumer.close()

    def ends(self, topic: str) -> dict[int, int]:
        """The next offset of each partition."""
        consumer = self._groups[INTAKE_GROUP]
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
            for partition in self._partitions(topic)
        }

    def lag(self, group: str, topic: str) -> int:
        """How many messages a group has not finished."""
        ends = self.ends(topic)
        return sum(max(0, ends[each.partition] - max(each.offset, 0)) for each in self._committed(group, topic, ends))

    def dirty(self) -> int:
        """How many locations wait for repair, as intake said with its last saves."""
        partitions = self._partitions(Heartbeat.TOPIC)
        said = [each.metadata or "" for each in self._committed(INTAKE_GROUP, Heartbeat.TOPIC, partitions)]
        return sum(int(text) for text in said if text.isdecimal())  # others may commit, too

    def _partitions(self, topic: str) -> list[int]:
        return [*self._groups[INTAKE_GROUP].list_topics(topic, timeout=10).topics[topic].partitions]

    def _committed(self, group: str, topic: str, partitions: Iterable[int]) -> list[TopicPartition]:
        places = [TopicPartition(topic, partition) for partition in partitions]
        return self._groups[group].committed(places, timeout=10)

    def wait(
        self,
        check: Callable[[], None],
        tell: Callable[[str], None],
        timeout_s: float = 300,
        steady_s: float = STEADY_S,
    ) -> None:
        """Return when the processes have finished what is there, and nothing more was published for `steady_s`. `check`
        raises when they cannot.

        What follows from messages alone needs no steady time: the processes are asked in the order of the data's way,
        and each acknowledges its input when what follows from it stands in the topics. Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout_s
        before: object = None
        since = time.monotonic()
        said = ""
        while True:
            check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done after {timeout_s:g} s: {said}")
            behind = {name: sum(self.lag(group, topic) for topic in read) for name, (group, read) in READERS.items()}
            waiting = [f"{name} has {left:,} to go" for name, left in behind.items() if left]
            if dirty := self.dirty():
                waiting.append(f"{dirty:,} locations wait for repair")
            said = ", ".join(waiting) or "settling"
            tell(said)
            published = [self.ends(topic) for topic in PUBLISHED]
            if waiting or published != before:
                before, since = published, time.monotonic()
            elif time.monotonic() - since > steady_s:
                return
            time.sleep(POLL_S)

    def wait_for_tables(self, client: Client, timeout_s: float = 120) -> None:
        """Return when ClickHouse has read every topic to its end. Raises TimeoutError."""
        ends = {topic: self.ends(topic) for topic in READ_BY_CLICKHOUSE}
        with ThreadPoolExecutor(len(ends)) as side:
            waits = [
                side.submit(caught_up, client, topic, until, timeout_s, kafka=self._kafka)
                for topic, until in ends.items()
            ]
        for each in waits:
            each.result()
