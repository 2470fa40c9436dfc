"""What a page says about the terms: which judge the month, the clauses it rests on, and how the open ones are read."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from schemas.terms.clauses import CLAUSES
from streams.statement.content import Agreed, Statement
from streams.statement.language import Language
from streams.statement.markup import Markup, element, join
from streams.statement.page.credit import tiers
from streams.statement.tables import Column, table

TIERS = "credits.tiers["


def terms_section(statement: Statement, language: Language) -> Markup:
    say, terms = language.say, statement.terms
    judged = say(
        "agreement.judged",
        effective=language.day(terms.effective),
        notified=language.day(terms.notified),
        series=element("code", terms.series),
        reference=element("code", terms.reference),
    )
    before = element("p", say("agreement.before")) if terms.before_effective else ""
    clauses = [Column(say("clause")), Column(say("clause.where")), Column(say("clause.says"))]
    readings = [Column(say("reading")), Column(say("reading.chosen")), Column(say("reading.value"))]
    return element(
        "section",
        element("h2", say("agreement")),
        element("p", judged),
        before,
        table(say("clauses.caption"), clauses, [_clause(clause, language) for clause in _clauses(statement)]),
        table(say("readings.caption"), readings, _readings(statement, language)),
        class_="fine",
    )


def _clauses(statement: Statement) -> list[str]:
    """The clauses that the terms state, without the readings."""
    stated = {clause for agreed in statement.terms.values for clause in agreed.clauses if clause not in agreed.readings}
    return [clause for clause in CLAUSES if clause in stated]


def _clause(clause: str, language: Language) -> list[object]:
    where = join(*(_section(at, language) for at in CLAUSES[clause].section.split(", ")), by=", ")
    return [clause, where, language.say(f"clause.{clause}")]


def _section(at: str, language: Language) -> Markup:
    """Where a clause stands: `A§2` in the annex, `§6` in the main text, or nowhere."""
    part, found, n = at.partition("§")
    if not found:
        return language.say("section.none")
    return language.say("section.annex" if part else "section.main", n=n)


def _readings(statement: Statement, language: Language) -> Iterator[list[object]]:
    """A row for each reading: what the text leaves open, what applies, and where the terms say so."""
    by_reading: defaultdict[str, list[Agreed]] = defaultdict(list)
    for agreed in statement.terms.values:
        for reading in agreed.readings:
            by_reading[reading].append(agreed)
    for reading in sorted(by_reading, key=lambda name: int(name.removeprefix("I-"))):
        values = by_reading[reading]
        chosen = dict.fromkeys(_chosen(agreed, statement, language) for agreed in values)
        yield [
            join(reading, element("div", language.say(f"reading.{reading}"), class_="id")),
            join(*(element("div", words) for words in chosen)),
            join(*(element("div", element("code", line)) for line in _lines(values))),
        ]


def _lines(values: Iterable[Agreed]) -> list[str]:
    """The values as the terms' file has them, those of a table in one line."""
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for agreed in values:
        by_key[re.sub(r"\[\d+]", "[]", agreed.key)].append(_written(agreed.value))
    return [f"{key} = {', '.join(written)}" for key, written in by_key.items()]


def _chosen(agreed: Agreed, statement: Statement, language: Language) -> Markup:
    if agreed.key.startswith(TIERS):
        return language.say("credits.tiers", value=", ".join(str(minutes) for minutes, _ in tiers(statement)))
    if language.knows(one_of := f"{agreed.key}={agreed.value}"):
        return language.say(one_of)
    return language.say(agreed.key, value=_value(agreed, language))


def _value(agreed: Agreed, language: Language) -> Markup:
    value = agreed.value
    if isinstance(value, Decimal):
        return join(language.percent(value))
    if isinstance(value, tuple):
        is_of_days = agreed.key.endswith("days")
        return language.days(value) if is_of_days else join(*(language.say(f"kind.{each}") for each in value), by=", ")
    if isinstance(value, str) and language.knows(f"zone.{value}"):
        return language.say(f"zone.{value}")
    return join(value)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
