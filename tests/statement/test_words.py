"""Every word is there in both languages, in French as French is set; every value that can be stated has its words."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, Literal, get_args, get_origin

import pytest

from schemas import times
from schemas.events import Annotation
from schemas.facts import BillingCredit
from schemas.facts.claim import Answer
from schemas.facts.response import Counted, Priority, TicketType, Window
from schemas.terms.clauses import CLAUSES
from schemas.terms.fields import Part, Weekday
from schemas.terms.model import Document
from schemas.terms.stated import stated
from streams.statement import language
from streams.statement.content import Effect, Outage, Status, What, Why
from streams.statement.language import Lang, Language
from streams.statement.words import PARTS, WORDS
from tests.core.cases import PACKAGED

SOURCES = [path for path in Path(str(language.__file__)).parent.rglob("*.py") if "words" not in path.parts]
ENGLISH, FRENCH = Language("en", "Etc/GMT+8"), Language("fr", "Etc/GMT+8")


def fields(template: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(template)} - {None}


@pytest.mark.parametrize("key", WORDS)
def test_a_sentence_says_the_same_things_in_both_languages(key: str) -> None:
    said = WORDS[key]
    assert said.en
    assert said.fr
    assert fields(said.en) | {"n"} == fields(said.fr) | {"n"}, "only a singular may say its number in words"
    assert said.en.count("|") == said.fr.count("|")


def test_no_sentence_is_written_twice() -> None:
    assert sum(len(part.WORDS) for part in PARTS) == len(WORDS)


def test_every_sentence_is_used() -> None:
    """By its key, or by the beginning of it; those of the terms by the keys of their values."""
    source = "".join(path.read_text("utf-8") for path in SOURCES)
    beginning = re.findall(r"""f["']([\w.]+)[{]""", source)
    used = set(re.findall(r'"([\w.]+)"', source)) | {begin.rstrip(".") for begin in beginning}
    of_terms = {re.sub(r"\[.*", "", one.key) for one in stated(PACKAGED)}
    beginnings = {key: {key[:end] for end in range(len(key) + 1)} for key in WORDS}
    assert [key for key in WORDS if not beginnings[key] & (used | of_terms)] == []


@pytest.mark.parametrize("key", WORDS)
def test_french_is_set_as_french_is(key: str) -> None:
    """No-break spaces before a colon and a per cent sign and within guillemets, none before `;` `?` `!`; the apostrophe
    is the typographic one."""
    names = {name: name for name in fields(WORDS[key].fr) if name and name != "n"}
    said = FRENCH.count(key, 2, **names) if "|" in WORDS[key].fr else FRENCH.say(key, n="n", **names)
    assert not re.search(r"[^\u00a0][:»%]|«[^\u00a0]| [;?!]", said.replace("</span>", "").replace("8:", ""))
    assert "'" not in said
    assert "&#" not in said


LITERALS = {
    "status": Status,
    "what": What,
    "why": Why,
    "effect": Effect,
    "answer": Answer,
    "kind": TicketType,
    "day": Weekday,
}


def every(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


@pytest.mark.parametrize("prefix", LITERALS)
def test_every_value_of_a_kind_has_words(prefix: str) -> None:
    assert {f"{prefix}.{value}" for value in every(LITERALS[prefix])} <= WORDS.keys()


CURRENT = ("eligible", "issued", "expired")
"""The states that the current fact of a credit can have."""


def test_every_value_of_a_fact_has_words() -> None:
    hints = {
        "cause": Annotation.model_fields["cause"].annotation,
        "entry": BillingCredit.__annotations__["type"],
        "applies": BillingCredit.__annotations__["applies_to"],
        "outage": Outage.__annotations__["kind"],
        "channel": PACKAGED.claims.__class__.model_fields["written_channels"].annotation,
    }
    for prefix, hint in hints.items():
        values = every(hint) or every(get_args(hint)[0])
        assert values, prefix
        assert {f"{prefix}.{value}" for value in values} <= WORDS.keys()
    priorities, windows = (*every(Priority), "all"), (*every(Window), "all")
    assert {f"priority.{each}" for each in priorities} | {f"window.{each}" for each in windows} <= WORDS.keys()
    assert {f"left_out.{each}" for each in every(Counted) if each not in ("total", "apart")} <= WORDS.keys()
    for state in CURRENT:
        assert {f"credit.{state}", f"state.{state}"} <= WORDS.keys()


def choices(part: type[Part], key: str = "") -> Iterator[tuple[str, list[object], str]]:
    """Every value that terms can state, with what it may be where it is one of few, and its clauses."""
    for name, field in part.model_fields.items():
        path, hint = f"{key}.{name}" if key else name, field.annotation
        extra = field.json_schema_extra
        clauses = str(extra["clause"]) if isinstance(extra, dict) and "clause" in extra else ""
        if isinstance(hint, type) and issubclass(hint, Part):
            yield from choices(hint, path)
        elif hint is bool:
            yield path, [True, False], clauses
        else:
            yield path, [*every(hint)], clauses


READINGS = [
    (path, values)
    for path, values, clauses in choices(Document)
    if re.search(r"\bI-", clauses) and path != "credits.tiers"
]


@pytest.mark.parametrize(("path", "values"), READINGS)
def test_every_reading_that_terms_can_state_has_words(path: str, values: list[object]) -> None:
    assert path in WORDS or {f"{path}={value}" for value in values} <= WORDS.keys()
    assert path in WORDS or values


def test_every_clause_and_reading_that_terms_state_has_words() -> None:
    clauses = {clause for one in stated(PACKAGED) if not one.key.startswith("fair_use.") for clause in one.clauses}
    readings = {clause for clause in clauses if clause.startswith("I-")}
    assert {f"reading.{reading}" for reading in readings} <= WORDS.keys()
    assert clauses <= CLAUSES.keys()
    assert {f"clause.{clause}" for clause in clauses - readings} <= WORDS.keys()


@pytest.mark.parametrize(
    ("ms", "english", "french"),
    [
        (0, "0 s", "0 s"),
        (1, "0.001 s", "0,001 s"),
        (26_000, "26 s", "26 s"),
        (899_999, "14 min 59.999 s", "14 min 59,999 s"),
        (3_600_000, "1 h", "1 h"),
        (2_678_400_000, "31 d", "31 j"),
        (90_061_500, "1 d 1 h 1 min 1.5 s", "1 j 1 h 1 min 1,5 s"),
    ],
)
def test_a_duration_is_exact(ms: int, english: str, french: str) -> None:
    assert ENGLISH.duration_words(ms).replace("\u00a0", " ") == english
    assert FRENCH.duration_words(ms).replace("\u00a0", " ") == french


@pytest.mark.parametrize(
    ("share", "english", "french"),
    [
        ("0.999989969", "99.9989969 %", "99,9989969 %"),
        ("0.99999", "99.999 %", "99,999 %"),
        ("0.999999999", "99.9999999 %", "99,9999999 %"),
        ("1.000000000", "100 %", "100 %"),
        ("0E-9", "0 %", "0 %"),
        ("0.01", "1 %", "1 %"),
        ("1E-9", "0.0000001 %", "0,0000001 %"),
    ],
)
def test_a_percentage_is_exact(share: str, english: str, french: str) -> None:
    assert ENGLISH.percent(Decimal(share)).replace("\u00a0", " ") == english
    assert FRENCH.percent(Decimal(share)).replace("\u00a0", " ") == french


@pytest.mark.parametrize(
    ("at", "english", "french"),
    [
        ("2026-03-01T08:00:00Z", "1 March, 00:00", "1er mars à 0 h"),
        ("2026-03-02T22:05:00Z", "2 March, 14:05", "2 mars à 14 h 05"),
        ("2026-08-10T07:59:59.050Z", "9 August, 23:59:59.050", "9 août à 23:59:59,050"),
    ],
)
def test_an_instant_is_told_in_the_zone_of_the_contract(at: str, english: str, french: str) -> None:
    assert ENGLISH.moment_words(times.parse(at)).replace("\u00a0", " ") == english
    assert FRENCH.moment_words(times.parse(at)).replace("\u00a0", " ") == french


def test_where_the_clocks_of_a_month_change_a_time_says_which_it_is() -> None:
    """In Toronto 1 November 2026, 01:30 comes twice."""
    wall = Language("en", "America/Toronto")
    first = times.parse("2026-11-01T05:30:00Z")
    assert wall.moment_words(first).replace("\u00a0", " ") == "1 November, 01:30 −04:00"
    assert wall.moment_words(first + 3_600_000).replace("\u00a0", " ") == "1 November, 01:30 −05:00"
    assert wall.moment_words(times.parse("2026-12-01T06:30:00Z")).endswith("01:30")
    assert wall.zone_named((first, first + 3_600_000)) == "America/Toronto (UTC−04:00 / −05:00)"


@pytest.mark.parametrize(
    ("n", "english", "french"), [(0, "0 days", "0 jour"), (1, "1 day", "1 jour"), (2, "2 days", "2 jours")]
)
def test_nothing_is_plural_in_english_and_singular_in_french(n: int, english: str, french: str) -> None:
    assert (ENGLISH.count("days", n), FRENCH.count("days", n)) == (english, french)


def test_thousands_are_set_apart() -> None:
    assert (ENGLISH.number(1_234_567), FRENCH.number(1_234_567)) == ("1,234,567", "1\u202f234\u202f567")


def test_every_month_and_day_is_named_in_both_languages() -> None:
    for lang in get_args(Lang):
        speaks = Language(lang, "Etc/UTC")
        assert len({speaks.month(f"2026-{number:02}") for number in range(1, 13)}) == 12
    assert [FRENCH.month(name) for name in ("2026-02", "2026-08")] == ["février 2026", "août 2026"]
