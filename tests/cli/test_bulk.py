"""The short way for plain heartbeats leads to the same facts as the long way, whatever the lines."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS, SECOND_MS, Derivation
from schemas.facts import Fact, TicketResponse
from schemas.terms.book import read_book
from schemas.wire import Rejected, dead_letter, parse_line
from streams.audit import shares
from streams.audit.bulk import Bulk
from streams.audit.handing import Hands
from streams.audit.packed import share_of
from streams.audit.replay import Replay, in_order
from streams.audit.shares import facts_in_shares, read_in_shares
from streams.audit.sources import LINE_BYTES, Recorded, UnreadableError
from streams.simulate import Simulation, line_of, play
from tests.infra.processes import eventually, is_gone

BOOK = read_book()
NOON = times.parse("2026-03-10T12:00:00Z")

near = st.integers(0, 40).map(lambda step: NOON + step * 20 * SECOND_MS)
instants = st.one_of(near, near.map(lambda at: at + 123), st.sampled_from([NOON - 200 * DAY_MS, NOON + 5 * DAY_MS]))
arrivals = st.one_of(
    st.none(),
    instants,
    st.sampled_from([NOON - 61_000, NOON + 301_000, NOON + 150 * DAY_MS, 10**17]),
)

PLAIN_HEADERS = {"content-type": "application/json", "ce_specversion": "1.0", "ce_source": "s", "ce_id": "i"}
HEADERS: list[Any] = [
    PLAIN_HEADERS,
    {},
    [["ce_specversion", "1.0"]],
    {"ce_specversion": "0.3", "ce_source": "s"},
    {"content-type": "application/cloudevents+json"},
]


def rendered(at: int | None) -> Any:
    return None if at is None else times.render(at) if at < 10**15 else "soon"


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    location_id = draw(st.sampled_from(["a", "b"]))
    at = draw(instants)
    value: dict[str, Any] = {
        "id": draw(st.sampled_from(["x", "y"])),
        "device_id": draw(st.sampled_from(["d", "e"])),
        "location_id": location_id,
        "occurred_at": rendered(at),
        "interval_s": draw(st.sampled_from([20, 20.0, 60, None])),
        "collector_id": draw(st.sampled_from([None, "c"])),
        "status": draw(st.sampled_from(["up", "up", "up", "down", None])),
        "received_at": rendered(draw(arrivals)),
    }
    if draw(st.booleans()):
        value.pop("interval_s")
    if draw(st.integers(0, 9)) == 0:
        value |= draw(
            st.sampled_from([{"buffered": True}, {"unheard": 1}, {"device_id": None}, {"status": 3}, {"mos": 4.1}])
        )
    return draw(framed("device-heartbeats", location_id, value))


@st.composite
def framed(draw: st.DrawFn, topic: str, key: str, value: dict[str, Any]) -> bytes:
    """A value as a line, nearly always as it should be."""
    frame: dict[str, Any] = {"topic": topic, "key": draw(st.sampled_from([key] * 9 + ["z"]))}
    if draw(st.integers(0, 3)) == 0:
        frame |= {"partition": draw(st.sampled_from([0, 1])), "offset": draw(st.integers(0, 5))}
    if draw(st.integers(0, 3)) == 0:
        stamp = draw(arrivals)
        frame["timestamp"] = draw(st.sampled_from([stamp, rendered(stamp)]))
    if draw(st.integers(0, 4)) == 0:
        frame["headers"] = draw(st.sampled_from(HEADERS))
    if draw(st.integers(0, 19)) == 0:
        frame["topic"] = "registry"
    frame["value"] = value
    line = json.dumps(frame).encode()
    return line[: draw(st.integers(0, len(line)))] if draw(st.integers(0, 29)) == 0 else line + b"\n"


@st.composite
def steps(draw: st.DrawFn) -> bytes:
    """Of few tickets with few ids: many are doubled, and some contradict each other."""
    account_id = draw(st.sampled_from(["a", "b"]))
    value: dict[str, Any] = {
        "id": draw(st.sampled_from(["x", "y", "z"])),
        "ticket_id": draw(st.sampled_from(["t", "u"])),
        "account_id": account_id,
        "occurred_at": rendered(draw(instants)),
        "event_type": draw(st.sampled_from(["created", "created", "responded", "closed", "merged"])),
        "actor": draw(st.sampled_from(["agent", "customer", None])),
        "is_public": draw(st.sampled_from([True, None])),
        "received_at": rendered(draw(arrivals)),
    }
    if draw(st.integers(0, 9)) == 0:
        value |= draw(st.sampled_from([{"unheard": 1}, {"source": "s"}, {"priority": 3}, {"merged_into": "t"}]))
    return draw(framed("tickets", account_id, value))


ticks = st.tuples(near, st.sampled_from([None, 0, 1])).map(
    lambda each: json.dumps(
        {
            "topic": "device-heartbeats",
            "key": None,
            "partition": each[1],
            "value": {"id": "t", "collector_id": "c", "occurred_at": rendered(each[0])},
        }
    ).encode()
)
recordings = st.lists(st.one_of(lines(), lines(), steps(), steps(), ticks), max_size=40)


def long_way(replay: Replay, recording: list[bytes]) -> None:
    for number, raw in enumerate(recording, 1):
        line = parse_line(raw)
        if isinstance(line, Rejected):
            replay.dead_letters.append(dead_letter(line, raw.rstrip(b"\r\n"), topic=None, line=number))
        else:
            replay._take(line, number)


def in_shares(processes: int, file: Path) -> Callable[[Replay, list[bytes]], None]:
    def read(replay: Replay, recording: list[bytes]) -> None:
        file.write_bytes(b"".join(recording))
        read_in_shares(replay, file, processes)

    return read


def told(
    read: Callable[[Replay, list[bytes]], None],
    recording: list[bytes],
    until: int | None = None,
    location: str | None = None,
    derived: Callable[[Replay], Iterable[Fact]] = Replay.facts,
) -> Any:
    replay = Replay(BOOK, Derivation(), until=until, location=location)
    read(replay, recording)
    facts = [fact for fact in derived(replay) if location in (None, fact.key)]
    return [fact.current() for fact in in_order([*facts, *replay.dead_letters])]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    recording=recordings,
    until=st.sampled_from([None, None, NOON + 300 * SECOND_MS]),
    location=st.sampled_from([None, None, "a"]),
)
def test_both_ways_tell_the_same(recording: list[bytes], until: int | None, location: str | None) -> None:
    short = told(Replay.read_file, recording, until, location)
    assert short == told(long_way, recording, until, location)


@pytest.mark.parametrize("more", [{}, {"received_at": "2026-03-10T12:00:00.500Z"}, {"mos": 4.2, "rtt_ms": 12.5}])
def test_plain_heartbeats_stay_on_the_short_way(more: dict[str, Any]) -> None:
    value = {"id": "x", "device_id": "d", "location_id": "a", "occurred_at": "2026-03-10T12:00:00Z"} | more
    line = json.dumps({"topic": "device-heartbeats", "key": "a", "value": value}).encode()
    placed = json.dumps(
        {"topic": "device-heartbeats", "key": "a", "partition": 3, "offset": 7, "timestamp": NOON, "value": value}
    ).encode()
    wrapped = json.dumps({"topic": "device-heartbeats", "key": "a", "value": value, "headers": PLAIN_HEADERS}).encode()
    bulk = Bulk(60_000, 300_000, 100 * DAY_MS, None)
    assert list(bulk.others([line, placed, wrapped, b"no line"])) == [(4, b"no line", None)]


@pytest.mark.parametrize("location", [None, "location-000001"])
@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_a_file_audited_by_several_processes_tells_the_same(
    processes: int, location: str | None, tmp_path: Path
) -> None:
    fleet = Simulation(locations=3, devices=5, days=0.2, outages=30, late=0.1, duplicates=0.1, ticks_s=60)
    recording = [line_of(message).encode() for message in chain.from_iterable(play(fleet))]
    for place in range(0, len(recording), 40):
        recording[place] = recording[place][:30] + b"\n"
    recording[-1] = b"the last, without its end"
    assert len(recording) > 500
    derived = partial(facts_in_shares, processes=processes)
    expected = told(long_way, recording, location=location)
    assert told(in_shares(processes, tmp_path / "recording"), recording, location=location, derived=derived) == expected


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("until", [None, NOON + 300 * SECOND_MS])
def test_tickets_that_contradict_each_other_are_refused_alike_by_several_processes(
    processes: int, until: int | None, tmp_path: Path
) -> None:
    """In the words of the line itself, whoever read it first."""
    random, recording = Random(3), []
    for _ in range(400):
        value = {
            "id": f"{random.randrange(150)}",
            "ticket_id": f"T-{random.randrange(40)}",
            "account_id": f"acct-{random.randrange(5)}",
            "occurred_at": rendered(NOON + random.randrange(600) * SECOND_MS),
            "event_type": random.choice(["created", "responded", "closed"]),
            "ticket_type": random.choice(["incident", "credit_claim", None]),
            "location_id": "a",
        }
        place = {"partition": 1, "offset": random.randrange(400)} if random.random() < 0.5 else {}
        line = {
            "topic": "tickets",
            "key": value["account_id"],
            "value": value,
            "timestamp": NOON + 601 * SECOND_MS * (random.random() < 0.5),
            **place,
        }
        recording += [json.dumps(line).encode() + b"\n"] * random.choice([1, 1, 2])
    expected = told(long_way, recording, until)
    assert sum(fact.get("reason") == "conflict" for fact in expected) > (20 if until is None else -1)
    derived = partial(facts_in_shares, processes=processes)
    assert told(in_shares(processes, tmp_path / "recording"), recording, until, derived=derived) == expected


def test_an_answer_is_overdue_by_the_newest_ticket_of_any_share(tmp_path: Path) -> None:
    """There are no ticks: tickets are the clock of responses (semantics §10)."""
    steps = [("acct-0", "T0", 4), ("acct-4", "T1", 7)]
    assert len({share_of(account_id, 2) for account_id, _, _ in steps}) == 2
    recording = [
        json.dumps(
            {
                "topic": "tickets",
                "key": account_id,
                "value": {
                    "id": ticket_id,
                    "ticket_id": ticket_id,
                    "account_id": account_id,
                    "occurred_at": rendered(NOON + hour * HOUR_MS),
                    "event_type": "created",
                    "priority": "urgent",
                },
            }
        ).encode()
        + b"\n"
        for account_id, ticket_id, hour in steps
    ]
    outcomes = {
        fact["ticket_id"]: fact["outcome"]
        for fact in told(in_shares(2, tmp_path / "recording"), recording, derived=partial(facts_in_shares, processes=2))
        if "ticket_id" in fact
    }
    assert outcomes == {"T0": "missed", "T1": "pending"}


def test_the_process_that_failed_says_why_not_those_that_waited_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack(_: Replay, share: int) -> None:
        if share == 1:
            raise UnreadableError("the second")

    monkeypatch.setattr(Replay, "has_tickets", True)
    monkeypatch.setattr(Replay, "unpack", unpack)
    with pytest.raises(UnreadableError, match="the second"):
        list(facts_in_shares(Replay(BOOK, Derivation()), 2))


def test_a_process_that_is_killed_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replay, "derived", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(UnreadableError, match="one of 2 processes was killed"):
        list(facts_in_shares(Replay(BOOK, Derivation()), 2))


def test_too_little_room_for_what_processes_find_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Hands, "give", give)
    with pytest.raises(UnreadableError, match="no room for what a process found: No space left on device"):
        list(facts_in_shares(Replay(BOOK, Derivation()), 2))


def test_processes_that_cannot_all_be_started_are_one_clear_error_and_none_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fork, forked = os.fork, []

    def fork_once() -> int:
        if forked:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        forked.append(fork())
        return forked[0]

    monkeypatch.setattr(os, "fork", fork_once)
    with pytest.raises(UnreadableError, match="2 processes cannot be started: Resource temporarily unavailable"):
        list(facts_in_shares(Replay(BOOK, Derivation()), 2))
    assert eventually(partial(is_gone, forked[0]))


READING = r"""
import os, sys, time
from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.audit import shares
from streams.audit.replay import Replay

def dawdle(share):
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(60)

with shares._started(2, Replay(read_book(), Derivation())) as processes:
    list(processes.each(dawdle))
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reading:
        assert reading.stdout is not None
        started = [int(reading.stdout.readline()) for _ in range(2)]
        reading.send_signal(how)
        assert reading.stdout.read() == b""  # nobody holds it any more
    for pid in started:
        assert eventually(partial(is_gone, pid))


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_line_that_is_too_long_is_one_bad_line_whoever_reads_it(processes: int, tmp_path: Path) -> None:
    file = tmp_path / "recording"
    value = {"id": "1", "ticket_id": "T", "account_id": "a", "occurred_at": rendered(NOON), "event_type": "created"}
    long = {"topic": "tickets", "key": "a", "pad": "x" * LINE_BYTES, "value": value | {"ticket_id": "L", "id": "2"}}
    plain = {"topic": "tickets", "key": "a", "value": value}
    file.write_text("".join(json.dumps(line) + "\n" for line in (plain, long, plain)))
    replay = Replay(BOOK, Derivation())
    if processes == 1:
        with Recorded(str(file)) as recorded:
            replay.read_file(recorded)
    else:
        read_in_shares(replay, file, processes)
    assert {fact.ticket_id for fact in replay.facts() if isinstance(fact, TicketResponse)} == {"T"}
    assert [(letter.reason, letter.line) for letter in replay.dead_letters] == [("bad_line", 2)]


def test_a_file_that_becomes_shorter_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "recording"
    file.write_bytes(b"no event\n" * 1000)

    def started(*arguments: Any) -> Any:
        file.write_bytes(b"no event\n" * 600)
        return start(*arguments)

    start = shares._started
    monkeypatch.setattr(shares, "_started", started)
    with pytest.raises(UnreadableError, match="it became shorter while it was read"):
        read_in_shares(Replay(BOOK, Derivation()), file, 2)


def test_a_file_shorter_than_its_processes_is_read_once(tmp_path: Path) -> None:
    for recording in ([], [b"x"], [b"x\n", b"\n", b"y"]):
        assert told(in_shares(4, tmp_path / "recording"), recording) == told(long_way, recording)
