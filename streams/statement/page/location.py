"""A location's part of the page: the verdict, where the time went, the picture, every outage, and the credit."""

from collections.abc import Iterable, Iterator, Sequence

from schemas.facts import Availability, Credit
from streams.statement.content import Note, Outage, Place, Statement, Stretch
from streams.statement.language import Language, unbroken
from streams.statement.markup import Markup, element, join
from streams.statement.page.credit import location_credit, location_ledger
from streams.statement.tables import Column, table
from streams.statement.timeline import timeline

LISTED = 60
"""How many stretches of unknown time are listed one by one: the longest."""


def named(name: str | None, entity_id: str) -> Markup:
    """Who or what it is: by name, with the id that others know it by. Neither turns the text around it."""
    written = element("bdi", entity_id, translate="no")
    return join(element("bdi", name), " ", element("span", "(", written, ")", class_="id")) if name else written


def judged(fact: Availability, language: Language) -> Markup:
    """Met or not met, and what is left of the downtime that is allowed."""
    name = "left" if fact.objective_met else "over"
    left = element("div", language.say(name, **{name: language.duration(abs(fact.budget_left_ms))}))
    doubt = element("div", language.say("incomplete.short")) if fact.incomplete else ""
    return join(_badge(fact, language), " ", left, doubt)


def _badge(fact: Availability, language: Language) -> Markup:
    kind = "met" if fact.objective_met else "not-met"
    return element("span", language.say(_verdict_key(fact)), class_=kind)


def _verdict_key(fact: Availability) -> str:
    return ("met" if fact.objective_met else "not_met") + ("" if fact.closed else ".so_far")


def deadline_state(credit: Credit, language: Language) -> Markup:
    return language.say(f"state.{credit.state}", deadline=language.moment(credit.claim_deadline))


def location_section(place: Place, statement: Statement, language: Language) -> Markup:
    parts = [*_head(place, statement, language)]
    if place.availability is not None:
        parts += _outages(place, language)
        parts += _annotations(place.annotations, language)
        parts += _unknown(place.timeline, language)
        parts += _corrections(place.availability, language)
    if place.is_covered or place.credit is not None:
        parts += location_credit(place, statement, language)
    parts += location_ledger(place, statement, language)
    return element("section", *parts)


def _head(place: Place, statement: Statement, language: Language) -> Iterator[Markup]:
    """What is seen first: whether the objective is met, and the month as a sum and as a picture."""
    yield element("h2", named(place.name, place.location_id))
    if place.site:
        yield element("p", element("bdi", place.site), class_="note")
    yield from _verdict(place, statement, language)
    if place.availability is not None:
        if place.is_covered:
            yield _where_time_went(place.availability, place.allowed_ms, language)
        yield timeline(place, statement, language, is_first=place is _first_pictured(statement))


def _first_pictured(statement: Statement) -> Place:
    return next(place for place in statement.locations if place.availability is not None)


def _verdict(place: Place, statement: Statement, language: Language) -> Iterator[Markup]:
    say, fact = language.say, place.availability
    access = say(f"access.{place.access}") if place.access else ""
    if fact is None or not place.was_had:
        yield element("p", say("verdict.not_known" if place.was_had else "verdict.not_had"))
        return
    if fact.availability is None:
        since = say("covered_from", at=language.moment(place.sla_from)) if place.sla_from is not None else ""
        yield element("p", join(say("verdict.not_covered"), access, since, by=" "))
        return
    words = say(
        f"verdict.{_verdict_key(fact)}",
        objective=language.percent(statement.terms.value("availability.objective")),
        availability=language.percent(fact.availability),
        left=language.duration(abs(fact.budget_left_ms)),
        over=language.duration(abs(fact.budget_left_ms)),
    )
    yield element("p", _badge(fact, language), ". ", words)
    for stretch in place.timeline:
        if stretch.what in ("not_had", "not_covered"):
            start, end = language.moment_of_month(stretch.from_), language.moment_of_month(stretch.to)
            yield element("p", say(f"outside.{stretch.what}", start=start, end=end))
    if fact.incomplete:
        limit = language.percent(statement.terms.value("availability.max_unknown"))
        yield element("p", element("strong", say("incomplete", limit=limit)))
    if fact.resolution_ms is not None:
        yield element("p", say("resolution", hold=language.duration(fact.resolution_ms)), class_="note")


def _where_time_went(fact: Availability, allowed_ms: int, language: Language) -> Markup:
    parts = [
        ("time.covered", fact.covered_ms),
        ("time.up", fact.up_ms),
        ("time.down", fact.down_ms),
        ("time.excluded", fact.excluded_ms),
        ("time.unknown", fact.unknown_ms),
        ("time.allowed", allowed_ms),
        ("time.left" if fact.objective_met else "time.over", abs(fact.budget_left_ms)),
    ]
    columns = [Column(language.say(name)) for name, _ in parts]
    return table(language.say("time.caption"), columns, [[language.duration(ms) for _, ms in parts]])


def _outages(place: Place, language: Language) -> list[Markup]:
    say = language.say
    if not place.outages:
        return [element("p", say("outages.none"))]
    heading = language.count("outages.n", len(place.outages))
    columns = [
        Column(say("outage.number"), is_number=True),
        Column(say("from")),
        Column(say("to")),
        Column(say("length"), is_number=True),
        Column(say("counted"), is_number=True),
        Column(say("outage.why")),
    ]
    notes = {note.annotation_id: note for note in place.annotations}
    rows = [_outage(number, outage, notes, place, language) for number, outage in enumerate(place.outages, 1)]
    return [element("h3", heading), table("", columns, rows, label=heading)]


def _outage(number: int, outage: Outage, notes: dict[str, Note], place: Place, language: Language) -> Sequence[object]:
    say, length = language.say, language.duration
    about = [notes[each] for each in outage.annotations if each in notes]
    why = [language.count(f"outage.{outage.kind}", outage.devices)]
    if outage.excluded_ms:
        causes = _causes(about, "excluded", language)
        why.append(say("outage.excluded", length=length(outage.excluded_ms), causes=causes))
    if outage.unknown_ms:
        why.append(say("outage.unknown", length=length(outage.unknown_ms), why=_whys(outage, place.timeline, language)))
    if outage.not_covered_ms:
        why.append(say("outage.not_covered", length=length(outage.not_covered_ms)))
    if any(note.effect == "none" for note in about):
        why.append(say("outage.stated", causes=_causes(about, "none", language)))
    began = element("div", say("outage.began_before"), class_="id") if outage.began_before else ""
    goes_on = element("div", say("outage.goes_on"), class_="id") if outage.goes_on else ""
    return [
        str(number),
        join(language.moment_of_month(outage.from_), began),
        join(language.moment_of_month(outage.to), goes_on),
        length(outage.duration),
        length(outage.counted_ms),
        join(*(element("div", each) for each in why)),
    ]


def _causes(notes: Iterable[Note], effect: str, language: Language) -> Markup:
    causes = dict.fromkeys((note.cause, note.clause) for note in notes if note.effect == effect)
    return join(*(cause(name, clause, language) for name, clause in causes), by=", ")


def cause(name: str, clause: str | None, language: Language) -> Markup:
    """A cause, with the clause under which it does not count, or counts."""
    words = language.say(f"cause.{name}")
    return join(words, unbroken(f" ({clause})")) if clause else words


def _whys(outage: Outage, timeline: Iterable[Stretch], language: Language) -> Markup:
    inside = (each for each in timeline if each.why and each.from_ < outage.to and each.to > outage.from_)
    return join(*(language.say(f"why.{why}") for why in dict.fromkeys(each.why for each in inside)), by=", ")


def _annotations(notes: Sequence[Note], language: Language) -> list[Markup]:
    if not notes:
        return []
    say = language.say
    columns = [
        Column(say("annotation.cause")),
        Column(say("from")),
        Column(say("to")),
        Column(say("annotation.took"), is_number=True),
        Column(say("annotation.who")),
    ]
    rows = [
        [
            cause(note.cause, note.clause, language),
            language.moment_of_month(note.from_),
            language.moment_of_month(note.to),
            _took(note, language),
            _who(note, language),
        ]
        for note in notes
    ]
    heading = say("annotations")
    return [element("h3", heading), table("", columns, rows, label=heading)]


def _took(note: Note, language: Language) -> Markup:
    effect = language.say(f"effect.{note.effect}")
    return (
        effect if note.effect == "none" else join(language.duration(note.took_ms), element("div", effect, class_="id"))
    )


def _who(note: Note, language: Language) -> Markup:
    at = language.moment(note.recorded_at)
    by = "annotation.by" if note.approved_by else "annotation.by_nobody"
    who = language.say(by, approver=element("bdi", note.approved_by or ""), at=at)
    words = "annotation.id" if note.revision == 1 else "annotation.revised"
    name = language.say(words, id=element("bdi", note.annotation_id), n=note.revision)
    return join(who, element("div", name, class_="id"))


def _unknown(timeline: Iterable[Stretch], language: Language) -> list[Markup]:
    say = language.say
    found = [stretch for stretch in timeline if stretch.what == "unknown"]
    if not found:
        return []
    longest = sorted(found, key=lambda stretch: (-stretch.duration, stretch.from_))
    shown, others = sorted(longest[:LISTED], key=lambda stretch: stretch.from_), longest[LISTED:]
    columns = [
        Column(say("from")),
        Column(say("to")),
        Column(say("length"), is_number=True),
        Column(say("unknown.why")),
    ]
    rows = [
        [
            language.moment_of_month(stretch.from_),
            language.moment_of_month(stretch.to),
            language.duration(stretch.duration),
            say(f"why.{stretch.why}"),
        ]
        for stretch in shown
    ]
    parts = [element("h3", say("unknowns")), table(say("unknowns.rule"), columns, rows)]
    if others:
        length = language.duration(sum(stretch.duration for stretch in others))
        parts.append(element("p", language.count("unknowns.more", len(others), length=length)))
    return parts


def _corrections(fact: Availability, language: Language) -> list[Markup]:
    if not fact.corrections:
        return []
    say = language.say
    first, *others = fact.corrections
    rows: list[list[object]] = [[say("correction.first"), language.duration(first.down_ms)]]
    rows += [
        [say("correction.since", at=language.moment(step.recorded_at)), language.duration(step.down_ms)]
        for step in others
    ]
    columns = [Column(""), Column(say("downtime"), is_number=True)]
    heading = say("corrections")
    return [element("h3", heading), table("", columns, rows, is_narrow=True, label=heading)]
