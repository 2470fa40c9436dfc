"""The terms state every number of the contract, each with its clause, and compute on them exactly."""

import re
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.terms.book import PACKAGED, read_book
from schemas.terms.fields import Part
from schemas.terms.files import read_file
from schemas.terms.model import CLAUSE_OF_CAUSE, EXCLUDING_CAUSES, STANDARD, Document, Terms
from schemas.terms.stated import stated, stating

CASES = Path(__file__).parents[1] / "cases"
TERMS = read_book().files[0]
FILE = PACKAGED / "2024-09-23.toml"
DURATION = st.integers(0, 2_700_000_000)

FAMILIES = {
    "AV": 2,
    "CR": 3,
    "EX": 6,
    "VE": 1,
    "QU": 1,
    "RM": 1,
    "RS": 4,
    "NU": 1,
    "FU": 4,
    "SP": 2,
    "UN": 3,
    "PU": 7,
    "BL": 1,
    "DI": 2,
    "EM": 1,
    "I": 20,
}
CLAUSES = ["FU-0", *(f"{family}-{number}" for family, last in FAMILIES.items() for number in range(1, last + 1))]


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_clause_and_interpretation_is_stated(clause: str) -> None:
    assert stating(TERMS, clause)


def test_every_value_names_clauses_that_exist_and_says_what_it_means() -> None:
    for one in stated(TERMS):
        assert one.clauses, one.key
        assert set(one.clauses) <= set(CLAUSES), one.key
        assert one.meaning, one.key


def test_every_key_of_the_file_is_stated() -> None:
    def keys(value: Any, key: str = "") -> set[str]:
        if isinstance(value, dict):
            return {inner for name, one in value.items() for inner in keys(one, f"{key}.{name}" if key else name)}
        if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            return {inner for place, entry in enumerate(value) for inner in keys(entry, f"{key}[{place}]")}
        return {key}

    assert {one.key for one in stated(TERMS)} == keys(tomllib.loads(FILE.read_text(encoding="utf-8")))


def test_the_comment_beside_a_value_names_clauses_of_its_field() -> None:
    """A value without a comment of its own is covered by the lines of its table above it."""
    table = ""
    beside: dict[str, set[str]] = {}
    above: set[str] = set()
    for line in FILE.read_text(encoding="utf-8").splitlines():
        header = re.match(r"\[\[?([\w.]+)\]", line)
        value = re.match(r"(\w+) = ", line)
        comment = line.partition(" # ")[2] or line.removeprefix("# ") * line.startswith("#")
        ids = set(re.findall(r"\b[A-Z]{1,2}-\d+\b", comment))
        if header:
            table, above = f"{header[1]}.", ids
        elif value:
            beside.setdefault(f"{table}{value[1]}", set()).update(ids or above)
        else:
            above = ids
    for one in stated(TERMS):
        key = re.sub(r"\[\d+\]", "", one.key)
        ids = beside[key] if key in beside else beside[key.rpartition(".")[0]]
        assert ids, one.key
        assert ids <= set(one.clauses), one.key


def test_terms_are_named_by_their_date_and_the_digest_of_their_file() -> None:
    assert re.fullmatch(r"2024-09-23@[0-9a-f]{12}", TERMS.reference)
    assert TERMS.digest.startswith(TERMS.reference.partition("@")[2])


@pytest.mark.parametrize(
    "case", tomllib.loads((CASES / "tiers.toml").read_text(encoding="utf-8"))["case"], ids=lambda case: case["down_ms"]
)
def test_a_month_of_downtime_earns_the_days_of_its_tier(case: dict[str, int]) -> None:
    assert TERMS.credit_days(case["down_ms"]) == case["days"]


def test_exactly_241_minutes_is_a_matter_of_the_table(folder: Path) -> None:
    """I-3's alternative: 241 minutes earn 6 days, 242 earn 8."""
    other = changed(folder, "minutes = 241", "minutes = 242")
    assert [other.credit_days(minutes * 60_000) for minutes in (240, 241, 242)] == [6, 6, 8]


@given(DURATION, DURATION)
def test_more_downtime_never_earns_less(less: int, more: int) -> None:
    less, more = sorted((less, more))
    assert TERMS.credit_days(less) <= TERMS.credit_days(more)


@given(DURATION, st.integers(0, 100_000))
def test_the_budget_is_what_meets_the_objective_exactly(covered_ms: int, down_ms: int) -> None:
    assert TERMS.objective_ratio() == (99_999, 100_000)
    assert (down_ms <= TERMS.budget_ms(covered_ms)) == (down_ms * 100_000 <= covered_ms)


def test_a_month_of_30_days_may_be_down_for_25_92_seconds() -> None:
    assert TERMS.budget_ms(30 * 86_400_000) == 25_920


@given(DURATION, DURATION)
def test_a_month_is_incomplete_above_the_limit_of_unknown_time(covered_ms: int, unknown_ms: int) -> None:
    assert TERMS.is_incomplete(unknown_ms, covered_ms) == (unknown_ms > Fraction(1, 100) * covered_ms)


@pytest.mark.parametrize(("interval_ms", "hold_ms"), [(60_000, 210_000), (1, 3), (300_000, 1_050_000)])
def test_a_sample_holds_for_the_missed_heartbeats_and_half_an_interval(interval_ms: int, hold_ms: int) -> None:
    assert TERMS.hold_ms(interval_ms) == hold_ms


def test_causes_exclude_as_the_contract_lists_them(folder: Path) -> None:
    assert all(TERMS.excludes(cause) for cause in EXCLUDING_CAUSES)
    assert not any(TERMS.excludes(cause) for cause in ("provider", "maintenance", "monitoring_gap"))
    assert changed(folder, "maintenance_excluded = false", "maintenance_excluded = true").excludes("maintenance")
    assert {*CLAUSE_OF_CAUSE} == {*EXCLUDING_CAUSES, "maintenance"}
    assert {*CLAUSE_OF_CAUSE.values()} <= set(CLAUSES)


def test_targets_are_hours_or_the_next_business_day() -> None:
    inside, outside = TERMS.response.in_contact_hours, TERMS.response.other_times
    assert [inside.hours(priority) for priority in ("urgent", "medium", "low")] == [1, 4, 24]
    assert [outside.hours(priority) for priority in ("urgent", "medium", "low")] == [4, None, None]


@pytest.mark.parametrize(
    ("text", "alternative"),
    [
        ('month_zone = "Etc/GMT+8"', 'month_zone = "America/Vancouver"'),
        ('hours_zone = "Etc/GMT+8"', 'hours_zone = "America/Vancouver"'),
        ('outage_begins = "first_missed"', 'outage_begins = "last_seen"'),
        ('location_down_when = "all_devices"', 'location_down_when = "any_device"'),
        ('location_down_when = "all_devices"', 'location_down_when = "primary_device"'),
        ('eligible_at = "next_month"', 'eligible_at = "fifteenth_minute"'),
        ('late_eligibility = "new_window"', 'late_eligibility = "none"'),
        ('corrections_after_issue = "until_final"', 'corrections_after_issue = "never"'),
        ('judged_per = "account"', 'judged_per = "all_customers"'),
        ('clock = "elapsed"', 'clock = "contact"'),
        ('next_business_day = "after_creation"', 'next_business_day = "same_day_before_opening"'),
        ('fax_pages_counted = "sent_and_received"', 'fax_pages_counted = "each_way"'),
    ],
)
def test_every_alternative_of_an_interpretation_can_be_stated(folder: Path, text: str, alternative: str) -> None:
    other = changed(folder, text, alternative)
    before = {one.key: one.value for one in stated(TERMS)}
    differing = [one for one in stated(other) if one.value != before[one.key]]
    assert [one.value for one in differing] == [tomllib.loads(alternative).popitem()[1]]
    assert other.reference != TERMS.reference


def test_terms_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TERMS.availability.missed_heartbeats = 5  # type: ignore[misc]  # that is what must fail
    assert {TERMS: 1}[read_book().files[0]] == 1


def test_no_value_has_a_default_in_the_code() -> None:
    """A default would be a number of the contract outside its file."""

    def optional(part: type[Part]) -> list[str]:
        fields = part.model_fields.items()
        below = [one for _, field in fields if is_part(field.annotation) for one in optional(field.annotation)]
        return [name for name, field in fields if not field.is_required()] + below

    assert optional(Document) == []


def is_part(annotation: object) -> TypeGuard[type[Part]]:
    return isinstance(annotation, type) and issubclass(annotation, Part)


def changed(folder: Path, text: str, by: str) -> Terms:
    path = folder / FILE.name
    content = path.read_text(encoding="utf-8")
    assert content.count(text) == 1
    path.write_text(content.replace(text, by), encoding="utf-8")
    return read_file(path, STANDARD)
