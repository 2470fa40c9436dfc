"""What decide takes of its input, and what of it nobody knows, is what every other reader takes (semantics §1)."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from schemas.derivation import DAY_MS
from schemas.wire import Gate, Rejected, decode
from streams.broadcasts import Broadcasts
from streams.decide.metrics import Metrics
from streams.decide.reader import REGISTRY, Reader
from streams.decide.work import Batch
from streams.folds.world import World
from streams.messages import Message
from tests.decide.cluster import Cluster, Process
from tests.decide.story import BOOK, DERIVATION, START, Story

Headers = tuple[tuple[str, bytes], ...]

RECORDED = "2026-01-30T08:00:00Z"
ACCOUNT = {"entity": "account", "account_id": "account-0", "valid_from": RECORDED, "recorded_at": RECORDED}
BINARY: Headers = (("ce_specversion", b"1.0"), ("ce_source", b"crm"), ("ce_id", b"1"))
ENVELOPES: dict[str, Headers] = {
    "none": (),
    "binary": BINARY,
    "another specversion": (("ce_specversion", b"0.3"), *BINARY[1:]),
    "no source": BINARY[:1],
    "not JSON": (*BINARY, ("content-type", b"text/plain")),
    "of another product": (("traceparent", b"00-4bf92f"),),
}


def refusals(headers: Headers) -> list[str]:
    """Why a record in such an envelope is refused, in a list that is empty where it is taken."""
    value = msgspec.json.encode(ACCOUNT)
    record = decode("registry", value, key=b"account-0", headers=headers, timestamp=START, gate=Gate(DERIVATION))
    return [record.reason] if isinstance(record, Rejected) else []


@pytest.mark.parametrize("headers", ENVELOPES.values(), ids=ENVELOPES)
def test_a_registry_record_is_taken_if_its_envelope_is(headers: Headers, monkeypatch: pytest.MonkeyPatch) -> None:
    value = msgspec.json.encode(ACCOUNT)
    message = SimpleNamespace(offset=0, key=b"account-0", value=value, headers=headers, timestamp=START)

    async def getmany(**_: Any) -> dict[Any, list[Any]]:
        return {REGISTRY: [message]}

    monkeypatch.setattr("streams.decide.reader.AIOKafkaConsumer", lambda **_: SimpleNamespace(getmany=getmany))
    broadcasts = Broadcasts(World(BOOK, DERIVATION))
    asyncio.run(Reader(broadcasts, {}, lambda _: None, lambda _: None)._read())
    assert broadcasts.refused == len(refusals(headers))
    assert len([*broadcasts.world.registry.ids("account")]) == 1 - broadcasts.refused


def annotated(headers: Headers = (), **more: Any) -> Batch:
    """What becomes of an annotation."""
    value = {"id": "a", "annotation_id": "n", "revision": 1, "location_id": "loc-0", "from": RECORDED}
    value |= {"to": None, "cause": "provider", "state": "approved", "author": "noc", "recorded_at": RECORDED}
    process = Process(Cluster(1), Story(1), [0])
    message = Message("outage-annotations", 0, 0, b"loc-0", msgspec.json.encode(value | more), headers, START + DAY_MS)
    return process.decider.batch([message], lambda _: False)


@pytest.mark.parametrize("headers", ENVELOPES.values(), ids=ENVELOPES)
def test_an_annotation_is_taken_if_its_envelope_is(headers: Headers) -> None:
    assert [letter.reason for letter in annotated(headers).letters] == refusals(headers)


def test_some_of_these_envelopes_are_refused_and_some_are_not() -> None:
    assert {reason for headers in ENVELOPES.values() for reason in refusals(headers)} == {"bad_envelope"}
    assert [name for name, headers in ENVELOPES.items() if not refusals(headers)] == [
        "none",
        "binary",
        "of another product",
    ]


def test_unknown_fields_are_ignored_and_counted() -> None:
    metrics = Metrics()
    for batch in (annotated(), annotated(colour="red"), annotated(colour="red", size=3)):
        assert not batch.letters
        metrics.count(batch, 1)
    assert b'fivenines_decide_unknown_fields_total{topic="outage-annotations"} 2.0' in metrics.text()
