"""What a page says about responses: the month's promise, by priority and window, and each request that was late."""

from collections.abc import Sequence

from schemas.facts import ResponseMonth, TicketResponse
from streams.statement.content import Statement
from streams.statement.language import SPACE, Language, unbroken
from streams.statement.markup import Markup, element, join
from streams.statement.tables import Column, table


def verdict(statement: Statement, language: Language) -> Markup | None:
    """Whether the promise of the month was kept; None without requests."""
    whole = statement.responses.whole
    if whole is None or not (whole.total or whole.pending):
        return None
    if not whole.total:
        return language.say("responses.undecided")
    numbers = {"met": language.number(whole.met), "total": language.number(whole.total)}
    if whole.verdict == "none":
        return language.say("responses.all_customers", **numbers)
    return language.say(f"responses.{whole.verdict}", **numbers, share=language.percent(whole.attainment))


def responses_section(statement: Statement, language: Language) -> Markup:
    say, told = language.say, statement.responses
    whole = verdict(statement, language)
    if not told.has_any:
        return element("section", element("h2", say("responses")), element("p", say("responses.none")))
    parts = [element("h2", say("responses"))]
    if whole is None:
        parts.append(element("p", say("responses.none")))
    else:
        parts += [
            element("p", say("responses.verdict", verdict=whole), " ", say("responses.remedy")),
            _by_priority(statement, language),
        ]
    parts.append(element("p", _contact_hours(statement, language)))
    parts += _tickets("missed", [ticket for ticket in told.missed if ticket.counted == "total"], language)
    parts += _tickets("pending", [ticket for ticket in told.pending if ticket.counted == "total"], language)
    parts += _apart(told.whole, language)
    if told.left_out:
        reasons = join(*(language.count(f"left_out.{why}", n) for why, n in told.left_out.items()), by=", ")
        parts.append(element("p", say("left_out", reasons=reasons)))
    return element("section", *parts)


def _by_priority(statement: Statement, language: Language) -> Markup:
    """The rows of one priority and window, and the sum of all."""
    say = language.say
    columns = [
        Column(say("priority")),
        Column(say("window")),
        Column(say("target")),
        Column(say("requests"), is_number=True),
        Column(say("in_time"), is_number=True),
        Column(say("late"), is_number=True),
        Column(say("pending"), is_number=True),
    ]
    months = [month for month in statement.responses.months if month.total or month.pending]
    parts = [month for month in months if "all" not in (month.priority, month.window)]
    whole = [month for month in months if (month.priority, month.window) == ("all", "all")]
    rows = [
        [
            say(f"priority.{month.priority}"),
            say(f"window.{month.window}"),
            _target(month, statement, language),
            *(language.number(n) for n in (month.total, month.met, month.missed, month.pending)),
        ]
        for month in (*parts, *whole)
    ]
    return table(say("responses.caption"), columns, rows, total=True)


def _target(month: ResponseMonth, statement: Statement, language: Language) -> Markup:
    if "all" in (month.priority, month.window):
        return Markup("")
    when = "in_contact_hours" if month.window == "contact" else "other_times"
    clause = "RS-2" if month.window == "contact" else "RS-3"
    target: str = statement.terms.value(f"response.{when}.{month.priority}")
    hours = target.removesuffix(" h")
    words = language.count("target.hours", int(hours)) if hours.isdecimal() else language.say(f"target.{target}")
    return join(words, unbroken(f" ({clause})"))


def _contact_hours(statement: Statement, language: Language) -> Markup:
    agreed = {one.key: one.value for one in statement.terms.values}
    told, place = [], 0
    while f"response.contact_hours[{place}].days" in agreed:
        key = f"response.contact_hours[{place}]"
        days = language.days(agreed[f"{key}.days"])
        hours = {name: _clock(agreed[f"{key}.{name}"].isoformat("minutes"), language) for name in ("opens", "closes")}
        told.append(language.say("hours.of", days=days, **hours))
        place += 1
    holidays = ", ".join(statement.responses.holidays)
    return language.say("hours", hours=join(*told, by="; "), holidays=holidays)


def _clock(written: str, language: Language) -> str:
    if language.lang == "en":
        return written
    hours, minutes = written.split(":")
    return f"{int(hours)}{SPACE}h" + (f"{SPACE}{minutes}" if minutes != "00" else "")


def _tickets(heading: str, tickets: Sequence[TicketResponse], language: Language) -> list[Markup]:
    """Requests one by one."""
    if not tickets:
        return []
    say = language.say
    names = ("ticket", "kind", "priority", "created", "due", "answered")
    rows = [
        [
            element("bdi", ticket.ticket_id),
            say(f"kind.{ticket.ticket_type}"),
            join(say(f"priority.{ticket.priority}"), ", ", say(f"window.{ticket.window}")),
            language.moment_of_month(ticket.created_at),
            "" if ticket.due_at is None else language.moment_of_month(ticket.due_at),
            say("answered.not") if ticket.responded_at is None else language.moment_of_month(ticket.responded_at),
        ]
        for ticket in tickets
    ]
    return [element("h3", say(heading)), table("", [Column(say(name)) for name in names], rows, label=say(heading))]


def _apart(whole: ResponseMonth | None, language: Language) -> list[Markup]:
    """Tickets that depend on third parties (NU-1)."""
    if whole is None or not whole.apart:
        return []
    say = language.say
    columns = [
        Column(say("kind")),
        *(Column(say(name), is_number=True) for name in ("requests", "in_time", "late", "pending")),
    ]
    rows = [
        [
            say(f"kind.{kind.ticket_type}"),
            *(language.number(n) for n in (kind.total, kind.met, kind.missed, kind.pending)),
        ]
        for kind in whole.apart
    ]
    return [table(say("apart"), columns, rows)]
