"""The search for messages in the archive, which keeps where each stood; the id of a plain heartbeat for 35 days, and of
a tick not at all."""

from collections.abc import Iterator
from itertools import chain

from clickhouse_connect.driver.client import Client

from schemas.events import Heartbeat, Tick
from streams.archive.read import (
    Heartbeats,
    accepted_annotations,
    accepted_diagnoses,
    accepted_heartbeats,
    accepted_registry,
    accepted_tickets,
    accepted_ticks_at,
    heartbeat_ids,
)
from streams.audit.explain.inputs import said_by_device
from streams.audit.explain.places import Place, Search
from streams.folds.samples import Profile


def search_archive(search: Search, client: Client) -> None:
    """Look for all that is wanted."""
    topics = {said.topic for said in search.wanted}
    if topics - {Heartbeat.TOPIC}:
        search.read(chain(accepted_registry(client), accepted_annotations(client), accepted_tickets(client)))
    samples = [said for said in search.wanted if said.topic == Heartbeat.TOPIC and said.key is not None]
    for location_id in {said.key for said in samples if said.key is not None}:
        search.read(accepted_diagnoses(client, location=location_id))
        dated = [said.identity[1] for said in samples if said.key == location_id and said.identity[0] != "diagnosis"]
        if dated:
            _heartbeats(search, client, location_id, min(dated), max(dated) + 1)
    instants = {said.identity[1] for said in search.wanted if said.topic == Tick.TOPIC and said.key is None}
    for ticks in accepted_ticks_at(client, instants) if instants else ():
        for collector_id, at, partition, offset, _ in zip(*ticks, strict=True):
            search.tick(collector_id, at, Place(Tick.TOPIC, partition, offset, None, None))


def _heartbeats(search: Search, client: Client, location_id: str, since: int, until: int) -> None:
    ids = heartbeat_ids(client, location_id, since, until)
    for batch in accepted_heartbeats(client, location=location_id, since=since, until=until):
        for device_id, at, profile, partition, offset in _rows(batch):
            place = Place(Heartbeat.TOPIC, partition, offset, None, ids.get((partition, offset)))
            search.add(said_by_device(location_id, device_id, at, profile), place)


def _rows(batch: Heartbeats) -> Iterator[tuple[str, int, Profile, int, int]]:
    columns = batch.device_id, batch.occurred_at, batch.up, batch.interval_ms, batch.collector_id
    for device_id, at, up, interval_ms, collector_id, partition, offset in zip(
        *columns, batch.partition, batch.offset, strict=True
    ):
        yield device_id, at, Profile(up, interval_ms, collector_id), partition, offset
