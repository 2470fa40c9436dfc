"""The catalogue's topics on a Kafka: created where they are missing, and compared where they exist."""

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its documented names, which it does not re-export
    AdminClient,
    ConfigResource,
    ConfigSource,
    NewTopic,
    ResourceType,
)

from schemas.derivation import Derivation
from schemas.events import Heartbeat
from schemas.topics import DEFAULT_PARTITIONS, TOPICS, Group, Topic

TIMEOUT_S = 30.0
QUIET = {"log_level": "3"}
"""librdkafka's remarks are no output of ours."""
THE_BROKERS_OWN = -1
"""The replication of a new topic."""


class Created(NamedTuple):
    """`created`: the topics that were missing. `differences`: one line for each setting that is not the catalogue's."""

    created: list[str]
    differences: list[str]


def partition_counts(keyed: int) -> Mapping[Group, int]:
    """How many partitions each group of topics has where the keyed ones have `keyed`."""
    return {group: keyed if group != "single" else 1 for group in DEFAULT_PARTITIONS}


def create(
    bootstrap: str,
    derivation: Derivation,
    *,
    partitions: int = 8,
    options: Mapping[str, str] | None = None,
    topics: Iterable[Topic] = tuple(TOPICS.values()),
) -> Created:
    """Create what is missing, with the broker's own replication; change nothing that exists.

    Raises KafkaException when Kafka cannot be reached or refuses a topic.
    """
    admin = AdminClient({**QUIET, **(options or {}), "bootstrap.servers": bootstrap})
    counts = partition_counts(partitions)
    wanted = {topic.name: topic for topic in topics}
    existing = admin.list_topics(timeout=TIMEOUT_S).topics
    missing = [
        NewTopic(name, topic.partitions(counts), THE_BROKERS_OWN, config=topic.config(derivation))
        for name, topic in wanted.items()
        if name not in existing
    ]
    created = [name for name, future in _start(admin, missing).items() if _succeeds(future)]
    _await(admin, created)
    differences = [
        f"{name}: {len(existing[name].partitions)} partitions, the platform expects {topic.partitions(counts)}"
        for name, topic in wanted.items()
        if name in existing and len(existing[name].partitions) != topic.partitions(counts)
    ]
    differences += _other_settings(admin, [topic for name, topic in wanted.items() if name in existing], derivation)
    return Created(created, differences)


def partitions_of(kafka: Mapping[str, str]) -> int | None:
    """How many partitions the heartbeats have, as Kafka says; None where there are no topics yet."""
    found = AdminClient({**QUIET, **kafka}).list_topics(timeout=TIMEOUT_S).topics.get(Heartbeat.TOPIC)
    return None if found is None else len(found.partitions)


def _start(admin: AdminClient, missing: list[NewTopic]) -> Mapping[str, object]:
    return admin.create_topics(missing, operation_timeout=TIMEOUT_S) if missing else {}


def _await(admin: AdminClient, created: list[str]) -> None:
    """Until every client can see them: a new topic is known to the controller first."""
    deadline = time.monotonic() + TIMEOUT_S
    while not admin.list_topics(timeout=TIMEOUT_S).topics.keys() >= set(created) and time.monotonic() < deadline:
        time.sleep(0.05)


def _succeeds(future: object) -> bool:
    """Whether this call created the topic: another process may have been first."""
    try:
        future.result()  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _other_settings(admin: AdminClient, topics: list[Topic], derivation: Derivation) -> list[str]:
    """The settings of existing topics that differ. What the catalogue leaves open is the operator's."""
    if not topics:
        return []
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics}
    futures = admin.describe_configs(list(resources.values()))
    differences = []
    for topic in topics:
        found = futures[resources[topic.name]].result()
        for setting, wanted in topic.config(derivation).items():
            entry = found.get(setting)
            if entry is not None and entry.value != wanted:
                whose = "the broker's default" if entry.source != ConfigSource.DYNAMIC_TOPIC_CONFIG.value else "set"
                differences.append(f"{topic.name}: {setting} is {entry.value} ({whose}), the platform expects {wanted}")
    return differences
