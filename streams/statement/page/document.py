"""A statement as one page: HTML5 that needs nothing else, on a screen of any width and on paper.

Every word comes from `words.py` or is escaped data; the page has no script and asks no server for anything, which it
tells the browser to enforce.
"""

from importlib.resources import files

from streams.statement.content import Place, Statement, digest
from streams.statement.language import Lang, Language
from streams.statement.markup import Markup, element, join
from streams.statement.page.credit import credits_in_general
from streams.statement.page.location import deadline_state, judged, location_section, named
from streams.statement.page.responses import responses_section, verdict
from streams.statement.page.terms import terms_section
from streams.statement.page.verification import verification_section
from streams.statement.tables import Column, table
from streams.statement.timeline import patterns

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(statement: Statement, lang: Lang) -> str:
    """The whole document."""
    language = Language(lang, statement.zone)
    account = statement.account_name or statement.account_id
    title = language.say("title.page", account=account, month=language.month(statement.month))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(files(__package__).joinpath("page.css").read_text(encoding="utf-8"))),
    )
    body = element("body", patterns(), element("main", *_sections(statement, language)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang=lang)}\n"


def _sections(statement: Statement, language: Language) -> list[Markup]:
    return [
        _header(statement, language),
        _at_a_glance(statement, language),
        *(location_section(place, statement, language) for place in statement.locations),
        credits_in_general(statement, language),
        responses_section(statement, language),
        terms_section(statement, language),
        verification_section(statement, language),
    ]


def _header(statement: Statement, language: Language) -> Markup:
    say = language.say
    span = say("month.span", start=language.moment(statement.starts_at), end=language.moment(statement.ends_at))
    reference = element("code", statement.terms.reference)
    facts = [
        ("account", named(statement.account_name, statement.account_id)),
        ("month", join(language.month(statement.month), ", ", span)),
        ("zone", language.zone_named((statement.starts_at, statement.ends_at - 1))),
        ("terms", say("terms.in_force", day=language.day(statement.terms.effective), reference=reference)),
        ("as_of", language.moment(statement.as_of)),
        ("edition", element("code", f"SHA-256 {digest(statement)[:16]}…")),
    ]
    told = [part for name, value in facts for part in (element("dt", say(name)), element("dd", value))]
    return element(
        "header",
        element("h1", say("title")),
        element("p", language.month(statement.month), class_="subject"),
        _status(statement, language),
        element("dl", *told),
    )


def _status(statement: Statement, language: Language) -> Markup:
    """Whether what is said may still change."""
    status = language.say(
        f"status.{statement.status}",
        as_of=language.moment(statement.as_of),
        closes_at=language.moment(statement.closes_at),
        final_at=language.moment(statement.final_at),
    )
    until = ""
    if statement.until is not None:
        until = element("p", language.say("until", until=language.moment(statement.until)))
    is_provisional = " is-provisional" if statement.status in ("running", "ended") else ""
    return element("div", element("p", status), until, class_=f"status{is_provisional}")


def _at_a_glance(statement: Statement, language: Language) -> Markup:
    say = language.say
    heading = element("h2", say("glance"))
    whole = verdict(statement, language)
    responses = element("p", say("responses.glance", verdict=whole)) if whole is not None else ""
    if not statement.locations:
        return element("section", heading, element("p", say("no_locations")), responses)
    objective = language.percent(statement.terms.value("availability.objective"))
    columns = [
        Column(say("location")),
        Column(say("availability"), is_number=True),
        Column(say("objective", objective=objective)),
        Column(say("downtime"), is_number=True),
        Column(say("excluded"), is_number=True),
        Column(say("unknown"), is_number=True),
        Column(say("credit")),
    ]
    rows = [_row(place, statement, language) for place in statement.locations]
    return element("section", heading, table(say("glance.caption"), columns, rows), responses, class_="glance")


def _row(place: Place, statement: Statement, language: Language) -> list[object]:
    fact, name = place.availability, named(place.name, place.location_id)
    if fact is None or fact.availability is None:
        what = "not_had" if not place.was_had else "not_covered" if fact is not None else "not_known"
        owes = place.credit is not None or place.ledger
        return [name, "", language.say(what), "", "", "", _credit(place, statement, language) if owes else ""]
    return [
        name,
        language.percent(fact.availability),
        judged(fact, language),
        language.duration(fact.down_ms),
        language.duration(fact.excluded_ms),
        language.duration(fact.unknown_ms),
        _credit(place, statement, language),
    ]


def _credit(place: Place, statement: Statement, language: Language) -> Markup:
    if place.credit is None and place.ledger_days:
        return language.say("not_owed", days=language.count("days", place.ledger_days))
    if place.credit is None and place.ledger:
        return language.say("taken_back")
    if place.credit is None:
        is_open = statement.status in ("running", "ended")
        return language.say("when_closed" if is_open else "none")
    return join(language.count("days", place.credit.credit_days), ", ", deadline_state(place.credit, language))
