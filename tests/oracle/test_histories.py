"""The histories of `tests/cases/histories`, and those of this folder, judged by the SQL.

Each case says what must follow from it, with the arithmetic in a comment. Cases that do not ask for months share an
archive, each in partitions of its own.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from schemas.facts import Availability, Fact, LocationOutage, LocationState
from schemas.wire import Line, parse_line
from streams.audit.oracle import Derived, derive
from streams.audit.replay import Replay
from tests.core.cases import Case, book_of, cases, lines_of, settings_of
from tests.core.test_histories import check_absent, check_named, outages, spelled_out, states
from tests.oracle import archive

pytestmark = pytest.mark.clickhouse

OWN = Path(__file__).with_name("cases.toml")
SEPARATOR = "/"
NAMES = ("location_id", "device_id", "account_id", "collector_id", "primary_device_id", "annotation_id")


def all_cases() -> list[tuple[str, Case]]:
    own = tomllib.loads(OWN.read_text(encoding="utf-8"))["case"]
    return [*cases(), *((f"oracle: {case['rule']}", case) for case in own)]


CASES = all_cases()
MONTHLY = [named for named in CASES if {"months", "no_months"} & named[1].keys()]
OTHERS = [named for named in CASES if {"states", "states_at", "outages"} & named[1].keys() and named not in MONTHLY]


def told(case: Case) -> tuple[list[Line], list[tuple[str, int, int]]]:
    """The lines of a case with their place in the log, and what is refused of them: topic, partition and offset."""
    lines = [line for line in map(parse_line, lines_of(case)) if isinstance(line, Line)]
    partitions = sorted({line.partition for line in lines if line.partition is not None}) or [0]
    replay = Replay(book_of(case), settings_of(case))
    replay.read(lines)
    refused = {letter.line for letter in replay.dead_letters}
    placed, letters = [], []
    for number, line in enumerate(lines, 1):
        everywhere = line.key is None and line.partition is None
        for partition in partitions if everywhere else [line.partition or partitions[0]]:
            placed.append(msgspec.structs.replace(line, partition=partition, offset=number))
            if number in refused:
                letters.append((line.topic, partition, number))
    return placed, letters


def facts_of(derived: Iterable[Derived]) -> list[Fact]:
    common: dict[str, Any] = {"fold_version": 0, "settings": {}}
    return [
        fact
        for part in derived
        for fact in (
            *(LocationState(**row._asdict(), terms="", **common) for row in part.states),
            *(LocationOutage(**row._asdict(), terms="", **common) for row in part.outages),
            *(Availability(**row._asdict(), **common) for row in part.months),
        )
    ]


def check(case: Case, facts: list[Fact]) -> None:
    for location_id, expected in case.get("states_at", {"loc": case["states"]} if "states" in case else {}).items():
        assert states(facts, location_id) == [spelled_out(text, 1) for text in expected]
    if "outages" in case:
        assert outages(facts, case.get("location", "loc")) == [spelled_out(text, 2) for text in case["outages"]]
    check_named(facts, Availability, case.get("months", []))
    check_absent(facts, Availability, case.get("no_months", []))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in MONTHLY])
def test_a_month_says_what_its_case_says(client: Client, case: Case) -> None:
    lines, refused = told(case)
    archive.store(client, lines, refused)
    partitions = 1 + max(line.partition or 0 for line in lines)
    check(case, facts_of(derive(client, book_of(case), settings_of(case), partitions=partitions)))


def renamed(line: Line, number: int) -> Line:
    """The line in the world of case `number`: everything it names, and its partition, are that case's own."""
    fields = msgspec.json.decode(line.value or b"")
    for name in NAMES:
        if fields.get(name) is not None:
            fields[name] = f"{number}{SEPARATOR}{fields[name]}"
    partition = 10 * number + (line.partition or 0)
    return msgspec.structs.replace(line, value=msgspec.json.encode(fields), partition=partition)


@pytest.fixture(scope="module")
def derived(archive_client: Client) -> dict[str, list[Fact]]:
    """What follows from each of the other cases, all that have the same terms and settings at once."""
    alike: dict[str, list[tuple[str, Case]]] = defaultdict(list)
    for name, case in OTHERS:
        alike[repr((case.get("terms"), case.get("settings")))].append((name, case))
    facts: dict[str, list[Fact]] = defaultdict(list)
    for named in alike.values():
        archive.clear(archive_client)
        for number, (_, case) in enumerate(named):
            lines, refused = told(case)
            letters = [(topic, 10 * number + partition, offset) for topic, partition, offset in refused]
            archive.store(archive_client, [renamed(line, number) for line in lines], letters)
        case = named[0][1]
        for fact in facts_of(derive(archive_client, book_of(case), settings_of(case))):
            place, _, location_id = fact.key.partition(SEPARATOR)
            facts[named[int(place)][0]].append(msgspec.structs.replace(fact, location_id=location_id))
    return facts


@pytest.mark.parametrize(("name", "case"), [pytest.param(name, case, id=name) for name, case in OTHERS])
def test_a_history_says_what_its_case_says(derived: dict[str, list[Fact]], name: str, case: Case) -> None:
    check(case, derived[name])
