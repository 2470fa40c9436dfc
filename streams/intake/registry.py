"""The registry as intake hears it: read completely before the first event, then followed between batches."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from confluent_kafka import Message, TopicPartition

from schemas.events import Reconciliation, RegistryRecord
from schemas.facts import DeadLetter
from schemas.wire import Gate, Rejected, dead_letter, decode
from streams.engine import FOREVER
from streams.folds.world import World
from streams.intake.memory import STATES
from streams.intake.share import FOLDS, Share
from streams.kafka import READ_AT_ONCE, Kafka, read

TOPIC = RegistryRecord.TOPIC
PARTITION = 0
LOOK_EVERY_S = 0.5

_SAID = frozenset(fold.fact.TOPIC for fold in FOLDS)


class Registry:
    """`next_offset` is the registry's part of every version."""

    def __init__(self, kafka: Kafka, world: World, gate: Gate, unknown: Counter[str]) -> None:
        self._world = world
        self._gate = gate
        self._unknown = unknown
        self._once = kafka.reader()
        self._follower = kafka.reader()
        self._looked = 0.0
        self.next_offset = 0
        self.refused: list[DeadLetter] = []
        """Of the whole topic. One process says them: the one that has input partition 0."""

    def read_all(self) -> None:
        """Raises Interrupted."""
        for message in read(self._once, TOPIC, PARTITION):
            self._absorb(message)
        self._follower.assign([TopicPartition(TOPIC, PARTITION, self.next_offset)])

    def news(self) -> list[RegistryRecord]:
        """The records that are new since this was asked last; nothing when that was just now."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return []
        self._looked = now
        messages = self._follower.consume(READ_AT_ONCE, 0.0)
        return [record for message in messages if message.error() is None for record in self._absorb(message)]

    def since(self, offset: int) -> list[RegistryRecord]:
        """The records from an offset on, as far as they were absorbed."""
        messages = read(self._once, TOPIC, PARTITION, offset, self.next_offset) if offset < self.next_offset else ()
        events = (self._decoded(message) for message in messages)
        return [event for event in events if isinstance(event, RegistryRecord)]

    def _absorb(self, message: Message) -> Iterator[RegistryRecord]:
        offset: Any = message.offset()
        event = self._decoded(message)
        self.next_offset = offset + 1
        if isinstance(event, Rejected):
            value: Any = message.value()
            self.refused.append(dead_letter(event, value, topic=TOPIC, partition=PARTITION, offset=offset))
        elif isinstance(event, RegistryRecord) and self._world.registry.absorb(event):
            return iter((event,))
        return iter(())

    def _decoded(self, message: Message) -> Any:
        value, key, headers = message.value(), message.key(), message.headers()
        return decode(
            TOPIC,
            value,
            key=key,
            headers=headers,  # type: ignore[arg-type]
            timestamp=message.timestamp()[1],
            gate=self._gate,
            unknown=self._unknown,
        )

    def close(self) -> None:
        self._once.close()
        self._follower.close()


def reconciled(share: Share, records: Iterable[RegistryRecord]) -> dict[str, int]:
    """The locations of a partition whose facts of intake somebody has compared with what follows, and from when on."""
    found: dict[str, int] = {}
    for record in records:
        if isinstance(record, Reconciliation) and record.subject in share.chain.loop.keys and _SAID & {*record.facts}:
            since = max(record.valid_from, share.world.open_since(record.recorded_at))
            found[record.subject] = min(since, found.get(record.subject, FOREVER))
    return found


def concerned(share: Share, records: Iterable[RegistryRecord]) -> dict[str, int]:
    """The locations of a partition about which records say something, and from when on: found in one pass over them."""
    open_since = share.world.open_since
    said: dict[str, dict[str, int]] = {"location": {}, "device": {}, "account": {}}
    for record in records:
        if record.entity in said:
            since = max(record.valid_from, open_since(record.recorded_at))
            known = said[record.entity].get(record.entity_id, FOREVER)
            said[record.entity][record.entity_id] = min(since, known)
    locations, devices, accounts = said.values()
    if not any(said.values()):
        return {}
    owners = share.world.registry.accounts
    found = {}
    for location_id, held in share.chain.loop.keys.items():
        since = locations.get(location_id, FOREVER)
        if devices:
            since = min([since, *(devices.get(device, FOREVER) for device in held.states[STATES].devices)])
        if accounts:
            since = min([since, *(accounts.get(owner or "", FOREVER) for _, owner in owners(location_id))])
        if since < FOREVER:
            found[location_id] = since
    return found
