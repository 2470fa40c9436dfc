"""`import helpdesk`: a real log of tickets, with every outcome worked out a second time from the raw file."""

import csv
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
import pytest

from tests.cli.conftest import Fivenines

LOG = Path(__file__).parents[3] / "shared" / "datasets" / "helpdesk-log" / "helpdesk.csv"
recording = pytest.mark.skipif(not LOG.is_file(), reason=f"the recording is not here: {LOG}")

ROME = ZoneInfo("Europe/Rome")
HNP = timezone(timedelta(hours=-8))
OFF = holidays.country_holidays("CA", subdiv="BC", years=range(2010, 2013))
HEAD = "CaseID,ActivityID,CompleteTimestamp\n"


class Answer(NamedTuple):
    """What is to be said of a case."""

    created: str
    window: str
    due: str
    responded: str | None
    outcome: str


def text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def is_contact(local: datetime) -> bool:
    opens, closes = {5: (6, 14), 6: (24, 24)}.get(local.weekday(), (5, 17))
    return local.date() not in OFF and opens <= local.hour < closes


def due_of(created: datetime) -> datetime:
    """A medium ticket: four hours in contact hours, else 17:00 of the next working day."""
    local = created.astimezone(HNP)
    if is_contact(local):
        return created + timedelta(hours=4)
    day = local.date() + timedelta(days=1)
    while day.weekday() > 4 or day in OFF:
        day += timedelta(days=1)
    return datetime.combine(day, time(17), HNP)


def answers_in(log: str) -> dict[str, Answer]:
    """By hand: created by the first row, answered by the first 8; the newest row of all tells how late it is."""
    cases: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in csv.DictReader(log.splitlines()):
        moment = datetime.fromisoformat(row["CompleteTimestamp"]).replace(tzinfo=ROME)
        cases[row["CaseID"]].append((moment, row["ActivityID"]))
    now = max(moment for rows in cases.values() for moment, _ in rows)
    found = {}
    for case, rows in cases.items():
        created = min(moment for moment, _ in rows)
        due = due_of(created)
        answered = min((moment for moment, activity in rows if activity == "8"), default=None)
        if answered is None:
            outcome = "missed" if now.astimezone(UTC) > due.astimezone(UTC) else "pending"
        else:
            outcome = "met" if answered.astimezone(UTC) <= due.astimezone(UTC) else "missed"
        window = "contact" if is_contact(created.astimezone(HNP)) else "other"
        found[case] = Answer(text(created), window, text(due), text(answered) if answered else None, outcome)
    return found


def facts_of(replayed: str, topic: str) -> list[dict[str, str]]:
    facts = [json.loads(line) for line in replayed.splitlines()]
    assert not [fact for fact in facts if fact["topic"] == "dead-letters"]
    return [fact["value"] for fact in facts if fact["topic"] == topic]


def answers_told(replayed: str) -> dict[str, Answer]:
    told = facts_of(replayed, "ticket-responses")
    assert {(fact["priority"], fact["counted"], fact["ticket_type"]) for fact in told} == {
        ("medium", "total", "request")
    }
    return {
        fact["ticket_id"]: Answer(
            fact["created_at"], fact["window"], fact["due_at"], fact["responded_at"], fact["outcome"]
        )
        for fact in told
    }


def verdicts(answers: dict[str, Answer]) -> dict[tuple[str, str], tuple[int, int, str]]:
    """By month and window: total, met and the verdict."""
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for answer in answers.values():
        month = f"{datetime.fromisoformat(answer.created).astimezone(HNP):%Y-%m}"
        for window in (answer.window, "all"):
            counted[month, window][answer.outcome] += 1
    return {
        name: (sum(each.values()), each["met"], "met" if 100 * each["met"] >= 95 * sum(each.values()) else "breached")
        for name, each in counted.items()
    }


@recording
def test_every_ticket_of_the_log_has_its_outcome_and_every_month_its_verdict(
    fivenines: Fivenines, tmp_path: Path
) -> None:
    imported = fivenines("import", "helpdesk", LOG)
    assert imported.status == 0
    (tmp_path / "events").write_text(imported.out)
    replayed = fivenines("replay", "--from", tmp_path / "events").out
    expected = answers_in(LOG.read_text())
    assert answers_told(replayed) == expected
    assert Counter(answer.outcome for answer in expected.values()) == {"met": 1829, "missed": 1975}
    told = {
        (row["month"], row["window"]): (row["total"], row["met"], row["verdict"])
        for row in facts_of(replayed, "response-monthly")
        if row["priority"] == "all"
    }
    assert told == verdicts(expected)


@recording
def test_the_events_of_the_log_come_sorted_by_time(fivenines: Fivenines) -> None:
    values = [json.loads(line)["value"] for line in fivenines("import", "helpdesk", LOG).out.splitlines()]
    assert Counter(value["event_type"] for value in values) == {
        "created": 3804,
        "responded": 4278,
        "closed": 4150,
        "note_added": 5282,
    }
    at = [value["occurred_at"] for value in values]
    assert at == sorted(at)
    assert len({value["id"] for value in values}) == len(values)


def test_a_case_is_a_ticket_and_its_first_row_the_creation(fivenines: Fivenines, tmp_path: Path) -> None:
    # the file does not stand in order; in summer, Rome is two hours ahead of Greenwich, in winter one
    (tmp_path / "f").write_text(f"{HEAD}7,8,2012-07-03 17:00:00\n7,1,2012-07-03 16:55:38\n9,6,2012-01-03 00:30:00\n")
    values = [json.loads(line)["value"] for line in fivenines("import", "helpdesk", "f").out.splitlines()]
    assert [(value["id"], value["occurred_at"], value["event_type"]) for value in values] == [
        ("9-000", "2012-01-02T23:30:00.000Z", "created"),
        ("9-001", "2012-01-02T23:30:00.000Z", "closed"),
        ("7-000", "2012-07-03T14:55:38.000Z", "created"),
        ("7-001", "2012-07-03T14:55:38.000Z", "note_added"),
        ("7-002", "2012-07-03T15:00:00.000Z", "responded"),
    ]
    assert values[-1] == {
        "id": "7-002",
        "ticket_id": "7",
        "account_id": "helpdesk",
        "occurred_at": "2012-07-03T15:00:00.000Z",
        "received_at": "2012-07-03T15:00:00.000Z",
        "actor": "agent",
        "event_type": "responded",
        "is_public": True,
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "f: line 1 does not name the columns CaseID, ActivityID, CompleteTimestamp"),
        ("a,b\n", "f: line 1 does not name the columns"),
        (f"{HEAD}2,1,2012-04-03 16:55:38\n2,8\n", "f: line 3: there are 2 fields, not 3"),
        (f"{HEAD}2,1,2012-04-03 16:55:38\n\n", "f: line 3: there are 1 fields, not 3"),
        (f"{HEAD},1,2012-04-03 16:55:38\n", "f: line 2: the case is not named"),
        (f"{HEAD}2,one,2012-04-03 16:55:38\n", "f: line 2: 'one' is no number of an activity"),
        (f"{HEAD}2,1,2012-02-30 16:55:38\n", "f: line 2: '2012-02-30 16:55:38' is no time such as"),
        (f"{HEAD}2,1,2012-04-03\n", "f: line 2: '2012-04-03' is no time such as 2012-04-03 16:55:38"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_line(
    fivenines: Fivenines, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "f").write_text(content)
    ended = fivenines("import", "helpdesk", "f")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"fivenines: {said}")
    assert ended.err.count("\n") == 1
