"""What a page says about credits: a location's own, the rules for all, and the answers to claims."""

from collections.abc import Iterator

from schemas.facts import ClaimAnswer, Credit
from schemas.terms.model import MINUTE_MS
from streams.statement.content import Place, Statement
from streams.statement.language import Language
from streams.statement.markup import Markup, element, join
from streams.statement.tables import Column, table


def tiers(statement: Statement) -> Iterator[tuple[int, int]]:
    """From how many whole minutes on, how many days."""
    values = {agreed.key: agreed.value for agreed in statement.terms.values}
    place = 0
    while f"credits.tiers[{place}].minutes" in values:
        yield values[f"credits.tiers[{place}].minutes"], values[f"credits.tiers[{place}].days"]
        place += 1


def location_credit(place: Place, statement: Statement, language: Language) -> list[Markup]:
    """What the month earned at a location, what became of it, and what billing reads."""
    parts = [element("h3", language.say("credit"))]
    if place.credit is None:
        parts.append(element("p", _no_credit(place, statement, language)))
    else:
        parts += [element("p", _earned(place.credit, language)), element("p", _became(place.credit, language))]
    if place.ledger:
        parts.append(_ledger(place, language))
    return parts


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


def _ledger(place: Place, language: Language) -> Markup:
    say = language.say
    columns = [Column(say("ledger.entry")), Column(say("ledger.days"), is_number=True), Column(say("ledger.for"))]
    rows = [
        [
            join(say(f"entry.{entry.type}"), " ", element("code", entry.id, class_="id")),
            f"{entry.days:+}".replace("-", "\u2212"),
            say(f"applies.{entry.applies_to}"),
        ]
        for entry in place.ledger
    ]
    return join(element("h3", say("ledger")), table(say("ledger.note"), columns, rows))


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
