"""What a page says about credits: a location's own, the rules for all, and the answers to claims."""

import re
from collections.abc import Iterator

from schemas.facts import ClaimAnswer, Credit
from schemas.terms.model import MINUTE_MS
from streams.folds.billing import CLAIMED, CLAIMED_BY_PROVIDER, CORRECTED, RECONCILED
from streams.statement.content import Place, Statement
from streams.statement.language import Language
from streams.statement.markup import Markup, element, join
from streams.statement.tables import Column, table


def _form(template: str) -> re.Pattern[str]:
    """How the ledger writes a reason: what stood in it is found again."""
    return re.compile(re.escape(template).replace(r"\{\}", "(.+?)"), re.DOTALL)


_CLAIMED, _RECONCILED = _form(CLAIMED), _form(RECONCILED)


def tiers(statement: Statement) -> Iterator[tuple[int, int]]:
    """From how many whole minutes on, how many days."""
    values = {agreed.key: agreed.value for agreed in statement.terms.values}
    place = 0
    while f"credits.tiers[{place}].minutes" in values:
        yield values[f"credits.tiers[{place}].minutes"], values[f"credits.tiers[{place}].days"]
        place += 1


def location_credit(place: Place, statement: Statement, language: Language) -> list[Markup]:
    """What the month earned at a location, and what became of it."""
    heading = element("h3", language.say("credit"))
    if place.credit is None:
        return [heading, element("p", _no_credit(place, statement, language))]
    return [heading, element("p", _earned(place.credit, language)), element("p", _became(place.credit, language))]


def _no_credit(place: Place, statement: Statement, language: Language) -> Markup:
    fact = place.availability
    assert fact is not None
    minutes = language.count("minutes", fact.down_ms // MINUTE_MS)
    if not fact.closed:
        return language.say("credit.so_far", minutes=minutes)
    least, _ = next(tiers(statement))
    words = language.say("credit.too_little", minutes=minutes, least=language.count("minutes", least))
    return words if fact.objective_met else join(words, language.say("credit.nothing_owed"), by=" ")


def _earned(credit: Credit, language: Language) -> Markup:
    days = element("strong", language.count("days", credit.credit_days))
    minutes = language.count("minutes", credit.downtime_minutes)
    return language.say("credit.earned", days=days, minutes=minutes)


def _became(credit: Credit, language: Language) -> Markup:
    is_providers = credit.state == "issued" and credit.claim_ticket_id is None
    return language.say(
        "credit.issued.by_provider" if is_providers else f"credit.{credit.state}",
        eligible_at=language.moment(credit.eligible_at),
        deadline=language.moment(credit.claim_deadline),
        at="" if credit.claimed_at is None else language.moment(credit.claimed_at),
        ticket=element("bdi", credit.claim_ticket_id or ""),
    )


def location_ledger(place: Place, statement: Statement, language: Language) -> list[Markup]:
    """What billing reads of a location's month, entry by entry; also where the credit itself is no more."""
    if not place.ledger and not place.owed_days:
        return []
    say = language.say
    parts = [element("h3", say("ledger"))]
    if place.ledger:
        parts.append(_entries(place, statement, language))
    if place.ledger_days != place.owed_days:
        days = {"published": place.ledger_days, "owed": place.owed_days}
        told = {name: language.count("days", count) for name, count in days.items()}
        parts.append(element("p", element("strong", say("ledger.differs", **told))))
    elif not place.owed_days:
        parts.append(element("p", say("ledger.taken_back")))
    return parts


def _entries(place: Place, statement: Statement, language: Language) -> Markup:
    """With their sum, where there are several."""
    say = language.say
    names = "ledger.entry", "ledger.days", "ledger.why", "ledger.for"
    columns = [Column(say(name), is_number=name == "ledger.days") for name in names]
    rows: list[list[object]] = [
        [
            join(say(f"entry.{entry.type}"), " ", element("code", entry.id, class_="id")),
            _signed(entry.days),
            _why(entry.reason, language),
            say(f"applies.{entry.applies_to}"),
        ]
        for entry in place.ledger
    ]
    has_sum = len(rows) > 1
    if has_sum:
        rows.append([say("ledger.sum"), _signed(place.ledger_days), "", ""])
    return table(say(f"ledger.{statement.ledger_as}"), columns, rows, total=has_sum)


def _signed(days: int) -> str:
    return f"{days:+}".replace("-", "\u2212") if days else "0"


def _why(reason: str, language: Language) -> Markup:
    """An entry's reason, which the ledger has in English; one that nobody knows stands as it was written."""
    say = language.say
    if found := _RECONCILED.fullmatch(reason):
        why, author, words, _ = found.groups()
        people = {name: element("bdi", each) for name, each in (("author", author), ("words", words))}
        return say("because.reconciled", why=_why(why, language), **people)
    if found := _CLAIMED.fullmatch(reason):
        return say("because.claimed", ticket=element("bdi", found[1]))
    known = {CLAIMED_BY_PROVIDER: "because.claimed_by_provider", CORRECTED: "because.corrected"}
    return say(known[reason]) if reason in known else element("bdi", reason)


def credits_in_general(statement: Statement, language: Language) -> Markup:
    """The rules, and every claim for the month with its answer."""
    if not statement.locations and not statement.claims:
        return Markup("")
    say, agreed = language.say, statement.terms.value
    channels = join(*(say(f"channel.{each}") for each in agreed("claims.written_channels")), by=", ")
    days = language.count("days", agreed("claims.window_days"))
    rules = [say("credits.what"), say("credits.claim", channels=channels, days=days), say("credits.remedy")]
    if agreed("claims.auto_claim"):
        rules.append(say("credits.auto"))
    if statement.ledger_as == "derived":
        rules.append(say("credits.derived"))
    columns = [Column(say("credits.from")), Column(say("ledger.days"), is_number=True)]
    rows = [[language.count("minutes", minutes), language.count("days", days)] for minutes, days in tiers(statement)]
    return element(
        "section",
        element("h2", say("credits")),
        *(element("p", rule) for rule in rules),
        table(say("credits.table"), columns, rows, is_narrow=True),
        element("h3", say("claims")),
        _claims(statement, language),
    )


def _claims(statement: Statement, language: Language) -> Markup:
    say = language.say
    if not statement.claims:
        return element("p", say("claims.none"))
    columns = [Column(say("ticket")), Column(say("location")), Column(say("claim.made")), Column(say("claim.answer"))]
    return table("", columns, [_claim(claim, language) for claim in statement.claims], label=say("claims"))


def _claim(claim: ClaimAnswer, language: Language) -> list[object]:
    where = element("bdi", claim.location_id) if claim.location_id else language.say("claim.no_location")
    answer = language.say(f"answer.{claim.answer}")
    return [element("bdi", claim.ticket_id), where, language.moment(claim.claimed_at), answer]
