"""The whole log of a help desk through the live platform, while its time goes by: every row of the tables is what was
worked out a second time from the raw file, and what a replay of the same events derives."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas.events import Tick
from schemas.facts import Fact, ResponseMonth, TicketResponse
from schemas.wire import encode_line
from streams.archive.read import current_facts
from streams.platform import Platform, connected
from streams.settings import read_settings
from tests.cli.conftest import Ended, Fivenines
from tests.cli.live import settle
from tests.cli.test_helpdesk import LOG, Answer, answers_in, facts_of, recording, text, verdicts

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

PARTITIONS = 4
WITHIN_S = 180
TICK_EVERY = timedelta(days=1)
AFTERWARDS = timedelta(days=10)
"""Until every ticket is overdue that can be."""

Month = tuple[str, str, str]
"""Its name, priority and window."""
Counted = tuple[int, int, int, int, str]
"""Total, met, missed, pending and the verdict."""


@recording
def test_every_row_of_the_tables_is_worked_out_from_the_log_and_from_a_replay(
    fivenines: Fivenines, tmp_path: Path
) -> None:
    answers = answers_in(LOG.read_text())
    assert Counter(answer.outcome for answer in answers.values()) == {"met": 1829, "missed": 1975}
    events, data = tmp_path / "events", tmp_path / "data"
    events.write_bytes(b"".join(with_time(fivenines("import", "helpdesk", LOG).out)))
    with Platform(read_settings({"data": str(data), "partitions": str(PARTITIONS)})) as platform:
        assert fivenines("publish", events, "--data", data).status == 0
        with connected(platform.servers.clickhouse) as client:
            wait_for_answers(platform, client, len(answers))
            settle(platform)
            assert answers_told(client) == answers
            assert months_told(client) == months_of(answers)
            assert client.query("SELECT count() FROM dead_letters").result_rows == [(0,)]
            replayed = fivenines("replay", "--from", events).out
            for kind in (TicketResponse, ResponseMonth):
                assert current(current_facts(client, kind)) == current(map(kind.read, facts_of(replayed, kind.TOPIC)))
        same = Ended(0, "", "fivenines: no difference: the audit derives what is published\n")
        for source in (events, "kafka", "archive"):
            assert fivenines("replay", "--from", source, "--diff", "--data", data, "--partitions", PARTITIONS) == same


def with_time(imported: str) -> Iterator[bytes]:
    """The events of the log with ticks between and after them: tickets are judged by the time that every partition of
    the heartbeats has reached."""
    lines = imported.splitlines(keepends=True)
    moments = [datetime.fromisoformat(json.loads(line)["value"]["occurred_at"]) for line in lines]
    tick = moments[0]
    for line, moment in zip(lines, moments, strict=True):
        while tick <= moment:
            yield a_tick(tick)
            tick += TICK_EVERY
        yield line.encode()
    while tick <= moments[-1] + AFTERWARDS:
        yield a_tick(tick)
        tick += TICK_EVERY


def a_tick(moment: datetime) -> bytes:
    at = text(moment)
    value = {"id": f"desk-{at}", "collector_id": "desk", "occurred_at": at, "received_at": at}
    return encode_line(Tick.TOPIC, None, value)


def wait_for_answers(platform: Platform, client: Client, tickets: int) -> None:
    """Until none of so many is pending."""
    deadline, judged = time.monotonic() + WITHIN_S, 0
    while judged < tickets:
        assert time.monotonic() < deadline, f"{judged} of {tickets} tickets were judged"
        platform.check()
        time.sleep(0.2)
        query = "SELECT count() FROM ticket_responses_current WHERE outcome != 'pending'"
        judged = client.query(query).result_rows[0][0]


def answers_told(client: Client) -> dict[str, Answer]:
    written = {fact.ticket_id: fact.current() for fact in current_facts(client, TicketResponse)}
    assert {(row["priority"], row["counted"], row["ticket_type"]) for row in written.values()} == {
        ("medium", "total", "request")
    }
    return {
        ticket_id: Answer(row["created_at"], row["window"], row["due_at"], row["responded_at"], row["outcome"])
        for ticket_id, row in written.items()
    }


def months_told(client: Client) -> dict[Month, Counted]:
    return {
        (row.month, row.priority, row.window): (row.total, row.met, row.missed, row.pending, row.verdict)
        for row in current_facts(client, ResponseMonth)
    }


def months_of(answers: dict[str, Answer]) -> dict[Month, Counted]:
    """By hand. All tickets are of one priority: its rows are those of all priorities."""
    return {
        (month, priority, window): (total, met, total - met, 0, verdict)
        for (month, window), (total, met, verdict) in verdicts(answers).items()
        for priority in ("medium", "all")
    }


def current(facts: Iterable[Fact]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {fact.identity: fact.current() for fact in facts}
