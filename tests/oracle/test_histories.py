"""The histories of `tests/cases/histories`, and those of this folder, judged by the SQL.

Each case says what must follow from it, with the arithmetic in a comment. Cases that can do
share an archive, each with names and partitions of its own.
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
PARTITIONS = 10
"""For each case."""
NAMES = ("location_id", "device_id", "account_id", "collector_id", "primary_device_id", "annotation_id")


def all_cases() -> list[tuple[str, Case]]:
    own = tomllib.loads(OWN.read_text(encoding="utf-8"))["case"]
    return [*cases(), *((f"oracle: {case['rule']}", case) for case in own)]


CASES = [named for named in all_cases() if {"states", "states_at", "outages", "months", "no_months"} & named[1].keys()]


def told(case: Case) -> tuple[list[Line], list[tuple[str, int, int]]]:
    """The lines of a case that the SQL reads, of all but tickets, with their place in the log, and what is refused of
    them: topic, partition and offset."""
    lines = [line for line in map(parse_line, lines_of(case)) if isinstance(line, Line) and line.topic != "tickets"]
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


def group(name: str, case: Case, lines: list[Line]) -> str:
    """The cases of one group can share an archive: they have the same terms and settings and, where months are closed
    by it, the same time for all partitions. What depends on the number of partitions stays alone."""
    monthly = {"months", "no_months"} & case.keys()
    silent = {line.key for line in lines if b'"entity":"location"' in (line.value or b"")} - {
        line.key for line in lines if line.topic == "device-heartbeats"
    }
    alone = silent or any(line.partition for line in lines) or (monthly and not case.get("now"))
    return repr((case.get("terms"), case.get("settings"), monthly and case["now"], alone and name))


def renamed(line: Line, number: int) -> Line:
    """The line in the world of case `number`: everything it names, and its partition, are that case's own."""
    fields = msgspec.json.decode(line.value or b"")
    for name in NAMES:
        if fields.get(name) is not None:
            fields[name] = f"{number}{SEPARATOR}{fields[name]}"
    value = msgspec.json.encode(fields)
    return msgspec.structs.replace(line, value=value, partition=PARTITIONS * number + (line.partition or 0))


def own(fact: Fact) -> tuple[int, Fact]:
    """The number of the fact's case, and the fact as that case names it."""
    number, _, location_id = fact.key.partition(SEPARATOR)
    names = {"location_id": location_id}
    if isinstance(fact, Availability):
        names["account_id"] = fact.account_id.partition(SEPARATOR)[2]
    return int(number), msgspec.structs.replace(fact, **names)


@pytest.fixture(scope="module")
def derived(archive_client: Client) -> dict[str, list[Fact]]:
    """What follows from each case, those of a group at once."""
    groups: dict[str, list[tuple[str, Case]]] = defaultdict(list)
    for name, case in CASES:
        groups[group(name, case, told(case)[0])].append((name, case))
    facts: dict[str, list[Fact]] = defaultdict(list)
    for cases_alike in groups.values():
        archive.clear(archive_client)
        lines, letters = [], []
        for number, (_, case) in enumerate(cases_alike):
            said, refused = told(case)
            lines += [renamed(line, number) for line in said]
            letters += [(topic, PARTITIONS * number + partition, offset) for topic, partition, offset in refused]
        archive.store(archive_client, lines, letters)
        case = cases_alike[0][1]
        for fact in facts_of(derive(archive_client, book_of(case), settings_of(case), partitions=1)):
            number, named = own(fact)
            facts[cases_alike[number][0]].append(named)
    return facts


@pytest.mark.parametrize(("name", "case"), [pytest.param(name, case, id=name) for name, case in CASES])
def test_a_history_says_what_its_case_says(derived: dict[str, list[Fact]], name: str, case: Case) -> None:
    check(case, derived[name])
