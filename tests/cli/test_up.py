"""The picture that `up` shows: what is down now, and how old that is, whatever the ids look like."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError
from rich.console import Console, RenderableType

from streams.cli import demo, up

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
HEARD = {"through": NOON, "age_ms": 61_000, "silent_ms": 4_000, "partitions": 3}
MARKUP = ("site[/a]", "site[bold]", "[/]", "[red]site", "site\\", "site\\[b]")


class Answers:
    """A ClickHouse of which only the three answers of the picture are known."""

    def __init__(self, heard: dict[str, Any], *down: dict[str, Any], waiting: Sequence[dict[str, Any]] = ()) -> None:
        self._answers = {up.FRESHNESS: [heard], up.OUTAGES: list(down), up.WAITING: list(waiting)}

    def query(self, query: str) -> "Answers":
        self._rows = self._answers[query]
        return self

    def named_results(self) -> list[dict[str, Any]]:
        return self._rows


def outage(location_id: str, minutes: int = 3) -> dict[str, Any]:
    started = NOON - timedelta(minutes=minutes)
    return {"location_id": location_id, "started_at": started, "duration_ms": minutes * 60_000, "kind": "silence"}


def shown(picture: RenderableType) -> list[str]:
    """Each line as its words, without the frames around them."""
    console = Console(width=100, file=io.StringIO())
    console.print(picture)
    printed: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [" ".join(line.replace("│", " ").split()) for line in printed.splitlines()]


def ticket(ticket_id: str, left_ms: int) -> dict[str, Any]:
    due = NOON + timedelta(milliseconds=left_ms)
    urgency = "overdue" if left_ms < 0 else "soon"
    named = {"account_id": "acme", "ticket_id": ticket_id, "priority": "urgent"}
    return {**named, "due_at": due, "left_ms": left_ms, "urgency": urgency}


def picture(heard: dict[str, Any], *down: dict[str, Any], waiting: Sequence[dict[str, Any]] = ()) -> list[str]:
    client: Client = Answers(heard, *down, waiting=waiting)  # type: ignore[assignment]
    return shown(up._picture(client))


def test_what_is_down_is_shown_with_since_when_and_for_how_long() -> None:
    lines = picture(HEARD, outage("loc-1", 200), outage("loc-2"))
    assert lines[0] == "as of 2026-06-10 12:00:00 UTC: 1 min 01 s old; last heard 4 s ago"
    assert "loc-1 2026-06-10 08:40:00 3 h 20 min silence" in lines
    assert "loc-2 2026-06-10 11:57:00 3 min 00 s silence" in lines


def test_that_nothing_is_down_is_said() -> None:
    assert "nothing" in picture(HEARD)


def test_tickets_that_wait_are_shown_with_how_long_they_may() -> None:
    lines = picture(HEARD, waiting=[ticket("T[/]1", -90_000), ticket("T2", 600_000)])
    assert "acme T[/]1 urgent 2026-06-10 11:58:30 1 min 30 s late" in lines
    assert "acme T2 urgent 2026-06-10 12:10:00 10 min 00 s" in lines
    assert "no first answer is due within the hour" in picture(HEARD)


def test_what_does_not_fit_is_counted() -> None:
    lines = picture(HEARD, *(outage(f"loc-{number:02}") for number in range(up.SHOWN + 7)))
    assert sum(line.startswith("loc-") for line in lines) == up.SHOWN
    assert "and 7 more" in lines


def test_before_anything_arrived_that_is_said() -> None:
    assert picture(HEARD | {"partitions": 0})[0] == "no heartbeat and no tick has arrived yet"


@pytest.mark.parametrize("location_id", MARKUP)
def test_an_id_is_shown_as_it_is_written(location_id: str) -> None:
    assert f"{location_id} 2026-06-10 11:57:00 3 min 00 s silence" in picture(HEARD, outage(location_id))


def test_an_id_does_nothing_to_the_terminal() -> None:
    assert r"a\x1b[2J\u202e 2026-06-10 11:57:00 3 min 00 s silence" in picture(HEARD, outage("a\x1b[2J\u202e"))


@pytest.mark.parametrize("name", MARKUP)
def test_the_demo_shows_an_id_as_it_is_written(name: str) -> None:
    time = {"availability": 1, "down_ms": 0, "excluded_ms": 0, "unknown_ms": 0, "objective_met": True, "credit_days": 0}
    assert shown(demo._table([{"location_id": name, "account_id": name, **time}]))[-1].startswith(f"{name} {name} 100.")


def test_a_clickhouse_that_does_not_answer_does_not_end_the_watch() -> None:
    class Away:
        def query(self, query: str) -> None:
            raise OperationalError("[/] refused")

    client: Client = Away()  # type: ignore[assignment]
    assert shown(up._picture(client)) == ["ClickHouse does not answer: [/] refused"]
