"""The month at a location as a picture: inline SVG, as wide as there is room, told apart without colour.

Places along the month are percentages, so that letters and patterns keep their size at any width.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from schemas.derivation import DAY_MS
from schemas.terms.zones import local_date, midnight
from streams.statement.content import Outage, Place, Statement
from streams.statement.language import Language
from streams.statement.markup import LINE_END, Markup, element, join

TOP, BAR, HEIGHT = 22, 28, 68
"""Where the bar begins, how high it is, and the height of it all, in CSS pixels."""
REACH: Final = {
    "outside": (6, BAR - 6),
    "down": (-4, BAR + 4),
    "excluded": (0, BAR // 2),
    "unknown": (BAR // 2, BAR),
}
"""From where to where of the bar's height a stretch goes: so that even those too short for a pattern differ."""
LEAST: Final = 2
"""How wide the shortest stretch is drawn, in CSS pixels."""
TOO_NEAR: Final = Decimal(5)
"""Per cent of the month by which the numbers of two outages must be apart; nearer ones are put together."""
LEGEND: Final = ("up", "down", "excluded", "unknown", "outside", "not_covered", "not_had", "ahead")
"""What a stretch may be, and `outside`: what of an outage is not covered."""


def patterns() -> Markup:
    """What the fills of all pictures of a page are made of."""
    lines = {
        "excluded": _pattern(8, element("path", d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4", class_="hatch")),
        "unknown": _pattern(6, element("path", d="M1,1 h2 v2 h-2 z M4,4 h2 v2 h-2 z", class_="dots")),
        "not-covered": _pattern(8, element("path", d="M0,4 h8", class_="thin")),
        "not-had": _pattern(8, element("path", d="M0,0 l8,8 M8,0 l-8,8", class_="thin")),
    }
    defined = [element("pattern", content, id=f"fill-{name}", **size) for name, (content, size) in lines.items()]
    return element("svg", element("defs", *defined), width=0, height=0, aria_hidden="true", class_="patterns")


def _pattern(size: int, content: Markup) -> tuple[Markup, dict[str, object]]:
    background = element("rect", width=size, height=size, class_="ground")
    return join(background, content), {"width": size, "height": size, "patternUnits": "userSpaceOnUse"}


def timeline(place: Place, statement: Statement, language: Language, *, is_first: bool) -> Markup:
    """The picture of a location's month, with its legend; the first of a page says how they are read."""
    label = language.say(
        "timeline.label",
        location=place.name or place.location_id,
        month=language.month(statement.month),
        outages=language.count("outages.n", len(place.outages)),
    )
    # what stands out is drawn last, or its neighbours would cover what makes it wide enough to be seen
    bars: list[tuple[str, str | None, int, int]] = [
        ("outside", None, each.from_, each.to) for each in place.outages if each.not_covered_ms
    ]
    bars += [(each.what, each.why, each.from_, each.to) for each in place.timeline]
    picture = element(
        "svg",
        element("title", label),
        *_days(statement, language),
        *(_bar(*bar, statement, language) for bar in sorted(bars, key=lambda bar: bar[0] in REACH)),
        *_numbers(place.outages, statement),
        role="img",
        aria_label=label,
        width="100%",
        height=HEIGHT,
    )
    drawn = {what for what, *_ in bars}
    shown = [what for what in LEGEND if what in drawn]
    keys = [element("li", _swatch(what), language.say(f"what.{what}")) for what in shown]
    caption = element("figcaption", language.say("timeline.caption")) if is_first else ""
    return join(element("figure", picture, element("ul", *keys, class_="legend"), caption), LINE_END)


def _bar(what: str, why: str | None, start: int, end: int, statement: Statement, language: Language) -> Markup:
    """A piece of the bar; what it is shows when it is pointed at."""
    words = language.say(f"what.{what}")
    title = language.say(
        "timeline.stretch",
        what=join(words, ", ", language.say(f"why.{why}")) if why else words,
        from_=language.moment_words(start),
        to=language.moment_words(end),
        length=language.duration_words(end - start),
    )
    left, right = _along(start, statement), _along(end, statement)
    above, below = REACH.get(what, (0, BAR))
    return element(
        "rect",
        element("title", title),
        x=f"{left}%",
        width=f"{right - left}%",
        y=TOP + above,
        height=below - above,
        class_=f"is-{_name(what)}",
        stroke_width=LEAST if what in REACH else None,
    )


def _days(statement: Statement, language: Language) -> Iterator[Markup]:
    """A stroke at the beginning of each day, and the number of the first day of each seven."""
    for at in _midnights(statement):
        x, day = f"{_along(at, statement)}%", language.day_of_month(at)
        is_numbered = day % 7 == 1
        yield element("line", x1=x, x2=x, y1=TOP + BAR, y2=TOP + BAR + (8 if is_numbered else 4), class_="tick")
        if is_numbered:
            yield element("text", str(day), x=x, y=HEIGHT - 4, dx=2, class_="day")


def _midnights(statement: Statement) -> Iterator[int]:
    """The beginning of each local day of the month."""
    at = statement.starts_at
    while at < statement.ends_at:
        yield at
        # a day is at most 25 hours long, and two of them are more than 36
        at = midnight(local_date(at + DAY_MS + DAY_MS // 4, statement.zone), statement.zone)


def _numbers(outages: Sequence[Outage], statement: Statement) -> Iterator[Markup]:
    """The numbers of the outages above the bar: of those that stand too near to each other the first and the last."""
    groups: list[tuple[Decimal, int, int]] = []
    for number, outage in enumerate(outages, 1):
        at = _along(outage.from_, statement)
        if groups and at - groups[-1][0] < TOO_NEAR:
            groups[-1] = groups[-1][0], groups[-1][1], number
        else:
            groups.append((at, number, number))
    for at, first, last in groups:
        words = str(first) if first == last else f"{first}–{last}"
        anchor = "end" if at > 100 - TOO_NEAR else None
        yield element("text", words, x=f"{at}%", y=TOP - 8, class_="outage", text_anchor=anchor)


def _along(at: int, statement: Statement) -> Decimal:
    """How far into the month an instant is, in per cent."""
    whole = statement.ends_at - statement.starts_at
    return Decimal((at - statement.starts_at) * 1_000_000 // whole).scaleb(-4)


def _swatch(what: str) -> Markup:
    """A piece of the bar at half its height."""
    above, below = REACH.get(what, (0, BAR))
    ground = element("rect", width=22, height=BAR // 2, x=1, y=2, class_="is-up")
    size = {"x": 6 if what in REACH else 1, "width": 12 if what in REACH else 22}
    bar = element("rect", **size, y=2 + above // 2, height=(below - above) // 2, class_=f"is-{_name(what)}")
    return element("svg", ground, bar, width=24, height=BAR // 2 + 4, aria_hidden="true")


def _name(what: str) -> str:
    return what.replace("_", "-")
