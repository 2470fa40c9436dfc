"""A page says what its statement says, in both languages alike; it stands alone, and nothing in it acts."""

import re
from decimal import Decimal
from itertools import pairwise
from typing import get_args

import pytest

from streams.folds.availability import Availabilities
from streams.statement.content import Statement, digest
from streams.statement.language import Lang
from streams.statement.page.document import page
from tests.core.cases import Case
from tests.statement.cases import CASES, HOSTILE, STORY, drawn_up
from tests.statement.reading import Page

LANGS: tuple[Lang, ...] = get_args(Lang)
HISTORIES = [pytest.param(case, id=name) for name, case in [*CASES, ("all", STORY)]]
TAGS = (
    {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "section",
        "h1",
        "h2",
        "h3",
        "p",
        "div",
        "span",
    }
    | {"dl", "dt", "dd", "ul", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "time", "code"}
    | {"pre", "strong", "bdi", "figure", "figcaption", "svg", "defs", "pattern", "path", "rect", "line", "text"}
)


@pytest.fixture(scope="module")
def statement() -> Statement:
    return drawn_up(STORY)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case", HISTORIES)
def test_a_page_is_whole_stands_alone_and_runs_nothing(case: Case, lang: Lang) -> None:
    written = page(drawn_up(case), lang)
    read = Page(written)
    assert written.startswith("<!DOCTYPE html>\n<html lang=")
    assert {element.tag for element in read.elements} <= TAGS
    policy = [meta for meta in read.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert [meta.attributes["content"] for meta in policy] == ["default-src 'none'; style-src 'unsafe-inline'"]
    names = {name for element in read.elements for name in element.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "href", "srcset", "style")]
    assert not re.search(r"@import|url\((?!#)|https?:", written)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case", HISTORIES)
def test_a_page_can_be_listened_to(case: Case, lang: Lang) -> None:
    read = Page(page(drawn_up(case), lang))
    assert read.all("html")[0].attributes == {"lang": lang}
    levels = [int(heading.tag[1]) for heading in read.all("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no heading is skipped"
    assert all(heading.attributes.get("scope") in ("col", "row") for heading in read.all("th"))
    tables, captions = read.all("table"), read.all("caption")
    assert len(captions) + sum(bool(table.attributes.get("aria-label")) for table in tables) == len(tables)
    pictures = [svg for svg in read.all("svg") if svg.attributes.get("aria-hidden") != "true"]
    assert all(svg.attributes.get("role") == "img" and svg.attributes.get("aria-label") for svg in pictures)
    ids = [element.attributes["id"] for element in read.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", HISTORIES)
def test_both_languages_have_the_same_numbers(case: Case) -> None:
    statement = drawn_up(case)
    english, french = (Page(page(statement, lang)) for lang in LANGS)
    assert english.instants() == french.instants()
    assert [element.tag for element in english.elements] == [element.tag for element in french.elements]
    shares = [
        sorted(Decimal(share.replace(",", ".")) for share in re.findall(r"([\d.,]+)\u00a0%", read.words()))
        for read in (english, french)
    ]
    assert shares[0] == shares[1]


@pytest.mark.parametrize("lang", LANGS)
def test_what_comes_from_the_wire_is_text(statement: Statement, lang: Lang) -> None:
    written = page(statement, lang)
    assert HOSTILE not in written
    assert HOSTILE in Page(written).words()
    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", written)
    assert "\\u202eevil\\u2066\\x00\\x1b[31m" in Page(written).words()


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_tells_every_number_of_every_location(statement: Statement, lang: Lang) -> None:
    told = Page(page(statement, lang)).instants()

    def length(ms: int) -> str:
        return f"PT{Decimal(ms).scaleb(-3).normalize():f}S"

    for place in statement.locations:
        fact = place.availability
        assert fact is not None
        if not place.is_covered:
            continue
        parts = (fact.covered_ms, fact.up_ms, fact.down_ms, fact.excluded_ms, fact.unknown_ms, place.allowed_ms)
        parts += (abs(fact.budget_left_ms), *(each.duration for each in place.outages))
        assert not {length(ms) for ms in parts} - set(told)


@pytest.mark.parametrize("lang", LANGS)
def test_every_outage_is_in_the_picture(statement: Statement, lang: Lang) -> None:
    written = page(statement, lang)
    kinds = [
        element.attributes.get("class") for element in Page(written).all("rect") if "stroke-width" in element.attributes
    ]
    drawn = [each for place in statement.locations for each in place.timeline]
    for kind in ("down", "excluded", "unknown"):
        assert kinds.count(f"is-{kind}") == sum(each.what == kind for each in drawn)
    outside = [each for place in statement.locations for each in place.outages if each.not_covered_ms]
    assert kinds.count("is-outside") == len(outside)


def words(lang: Lang, **changes: object) -> str:
    """Of the simplest statement, with changes to its case."""
    return Page(page(drawn_up(CASES[0][1] | changes), lang)).words().replace("\u00a0", " ")


SAMPLES = ["2026-01-15T00:00:00Z a up changes", "00:00:00 a down changes"]


def test_a_breach_that_a_rounded_percentage_would_hide_is_shown() -> None:
    """26.785 s in 31 days, of which 26.784 s are allowed: 99.9989999 %, and not met by a millisecond (I-10)."""
    told = words("en", samples=[*SAMPLES, "00:00:26.785 a up changes"])
    assert "99.9989999 % of the covered time, with 0.001 s more downtime than allowed" in told
    assert "Not met. The objective of 99.999 % is not met (AV-1)" in told
    told = words("en", samples=[*SAMPLES, "00:00:26.784 a up changes"])
    assert "The objective of 99.999 % is met (AV-1): 99.999 % of the covered time, with 0 s of the allowed" in told


@pytest.mark.parametrize(
    ("now", "english", "french"),
    [
        (
            "2026-03-20T00:00:00Z",
            "Provisional. The month is not over: this is how things stood on 19 March 2026, 16:00",
            "Provisoire. Le mois n’est pas terminé : voici la situation au 19 mars 2026 à 16 h",
        ),
        (
            "2026-04-02T00:00:00Z",
            "Provisional. The month is over and closes on 3 April 2026, 00:00",
            "Provisoire. Le mois est terminé et sera clôturé le 3 avril 2026 à 0 h",
        ),
        (
            "2026-04-05T00:00:00Z",
            "Closed on 3 April 2026, 00:00. Corrections may still change it until 10 July 2026, 00:00",
            "Clôturé le 3 avril 2026 à 0 h. Des corrections restent possibles jusqu’au 10 juillet 2026 à 0 h",
        ),
        (
            "2026-07-10T08:00:00Z",
            "Final since 10 July 2026, 00:00: nothing changes it any more.",
            "Définitif depuis le 10 juillet 2026 à 0 h : plus rien ne le modifie.",
        ),
    ],
)
def test_a_page_says_whether_it_may_still_change(now: str, english: str, french: str) -> None:
    assert english in words("en", now=now)
    assert french in words("fr", now=now)


def test_a_credit_is_said_to_be_days_and_nothing_else_and_until_when_it_is_claimed() -> None:
    told = words("en", samples=[*SAMPLES, "00:15:00 a up changes"])
    assert "1 day of credit for 15 whole minutes of counted downtime (CR-1)." in told
    assert "To receive it, write before 2 May 2026, 00:00 (CR-3)." in told
    assert (
        "A credit is a number of days against future payments to the provider. It is no refund, is not exchanged"
        in told
    )
    assert "Credits are the only remedy" in told
    told = words("fr", samples=[*SAMPLES, "00:31:00 a up changes"])
    assert "2 jours de crédit pour 31 minutes entières de temps d’arrêt compté (CR-1)." in told
    assert "écrivez avant le 2 mai 2026 à 0 h (CR-3)." in told
    assert "Il n’est ni remboursé ni échangé contre de l’argent" in told


def test_a_miss_below_the_lowest_tier_owes_nothing() -> None:
    told = words("en", samples=[*SAMPLES, "00:14:59.999 a up changes"])
    assert "No credit: 14 whole minutes of counted downtime, and credits begin at 15 whole minutes (CR-1)." in told
    assert "Below that a missed objective owes nothing else: credits are the only remedy (RM-1)." in told


def test_every_reading_is_printed_with_its_value() -> None:
    told = words("en", tickets=["16:00:00 T1 created ticket_type=incident priority=urgent"])
    for reading in [*range(1, 21)]:
        assert re.search(rf"I-{reading}(?!\d)", told), reading
    assert "claims.late_eligibility = new_window" in told
    other = words("en", terms=[{"availability.location_down_when": "any_device"}])
    assert "any of its monitored devices is down" in other
    assert "response.clock" not in other, "without tickets nothing depends on how they are judged"


def test_a_page_says_how_to_verify_it(statement: Statement) -> None:
    told = Page(page(statement, "en")).words()
    assert digest(statement) in told
    assert "fivenines statement --from FILE --account acme --month 2026-03 --blind-after-s 3599 --format json" in told
    told = Page(page(drawn_up(STORY, published=[]), "en")).words()
    assert "fivenines statement --account acme --month 2026-03 --format json | sha256sum" in told, "from the archive"
    assert "fivenines explain moved/2026-03\n" in told
    assert "'<script>alert(1)</script>&\"'\"'\"'/2026-03'" in told, "as a shell reads it"
    assert f"availability\u00a0{Availabilities.version}" in told
    assert "blind_after_s\u00a03,599" in told


def test_who_only_looks_at_what_had_arrived_is_told_how_to_do_so_again() -> None:
    told = words("en", until="2026-04-04T12:00:00Z")
    assert "This statement looks only at what had arrived by 4 April 2026, 04:00." in told
    assert "--month 2026-03 --until 2026-04-04T12:00:00Z --format json" in told


def test_of_very_much_unknown_time_the_longest_is_listed_and_the_rest_counted() -> None:
    """Ticks in pairs, 200 s apart, every 800 s for a day, blind after 300 s: 108 gaps of ten minutes, 48 not listed."""
    changes = {
        "settings": {"blind_after_s": 300},
        "ticks": [
            "c1 2026-03-09T00:00:00Z..2026-03-10T00:00:00Z/800",
            "c1 2026-03-09T00:03:20Z..2026-03-10T00:03:20Z/800",
        ],
        "samples": ["2026-03-09T00:00:00Z a up changes by=c1"],
        "registry": [{"location": "loc", "account_id": "acme", "sla_from": "2026-03-09T00:00:00Z"}],
        "now": "00:04:00",
    }
    read = Page(page(drawn_up(CASES[0][1] | changes), "en"))
    listed = [cell for cell in read.all("td") if cell.words == "the platform was not listening"]
    assert len(listed) == 60
    assert "The longest are shown. 48 more, 8 h in all, stand in the JSON form." in read.words().replace("\u00a0", " ")


def test_an_annotation_is_named_as_one_and_its_revision_only_where_it_was_revised() -> None:
    note = {"id": "n-1", "cause": "third_party", "from": "00:00:00"}
    for annotations, named in (
        ([note], "annotation n-1"),
        ([note, note | {"revision": 2}], "annotation n-1, as revised (revision 2)"),
    ):
        read = Page(page(drawn_up(CASES[0][1] | {"annotations": annotations}), "en"))
        assert named in [each.words for each in read.all("div")]


def test_places_are_numbered_apart_or_together() -> None:
    """Two outages within a day share their number above the picture."""
    samples = [*SAMPLES, "00:05:00 a up changes", "06:00:00 a down changes", "06:05:00 a up changes"]
    samples += ["2026-03-25T00:00:00Z a down changes", "2026-03-25T00:05:00Z a up changes"]
    read = Page(page(drawn_up(CASES[0][1] | {"samples": samples}), "en"))
    assert [text.words for text in read.all("text") if text.attributes["class"] == "outage"] == ["1–2", "3"]


def test_a_location_of_which_nothing_is_known_says_so() -> None:
    told = words("en", samples=[])
    assert "The platform holds nothing about this location in this month." in told
