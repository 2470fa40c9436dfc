"""What was promised from one effective date on: availability, exclusions, credits and claims (Annex A §2–§6).

`Document` is what a file says; `Terms` is that with its series and digest, and the exact arithmetic the core asks for.
A field with one allowed value is an interpretation without an alternative: it is stated so that statements can name it.
"""

from bisect import bisect_right
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Literal, Self, get_args

from pydantic import model_validator

from schemas.terms.fair_use import FairUse
from schemas.terms.fields import Count, Distinct, Listed, Part, Share, Zone, term
from schemas.terms.response import Response

MINUTE_MS = 60_000

STANDARD = "standard"
"""The series of every account whose registry record names none, or an unknown one."""

ExcludingCause = Literal[
    "beyond_control", "customer_action", "third_party", "site_power", "site_internet", "customer_equipment"
]
EXCLUDING_CAUSES: tuple[str, ...] = get_args(ExcludingCause)
"""What the contract can exclude (EX-1..EX-4); `maintenance` has its own switch, `provider` never excludes."""

CLAUSE_OF_CAUSE = {
    "beyond_control": "EX-1",
    "customer_action": "EX-2",
    "third_party": "EX-2",
    "site_power": "EX-3",
    "site_internet": "EX-3",
    "customer_equipment": "EX-4",
    "maintenance": "EX-6",
}


class Availability(Part):
    """Annex A §2 and §6: what is promised, and when a location is down."""

    objective: Share = term("AV-1, I-10", "share of the covered time in which a location is up, judged on integers")
    judged_per: Literal["location"] = term("AV-2", "downtime of several locations is never combined")
    applies_from: Literal["sla_from"] = term("EX-5", "a location is covered from its move to the dedicated circuit")
    denominator: Literal["covered"] = term("I-7", "excluded and unknown time stay in the time judged")
    month_split: Literal["each_its_part"] = term("I-9", "an outage across a month's edge counts in each month in part")
    call_quality_counts: Literal[False] = term("QU-1", "MOS, loss and failed calls are never downtime")
    location_down_when: Literal["all_devices", "any_device", "primary_device"] = term(
        "I-5", "which monitored devices must be down for the location to be down"
    )
    outage_begins: Literal["first_missed", "last_seen"] = term(
        "I-4", "silence begins at the first heartbeat that was due, or at the last one seen"
    )
    missed_heartbeats: Count = term("I-4", "heartbeats in a row that must be missing before silence is an outage")
    default_interval_s: Count = term("I-4", "seconds between heartbeats where neither they nor the registry say so")
    max_unknown: Share = term("I-6", "unknown share of the covered time above which a month is incomplete")


class Exclusions(Part):
    """Annex A §5: downtime that does not count, by the cause that was approved for it."""

    causes: Distinct[ExcludingCause] = term("EX-1, EX-2, EX-3, EX-4", "causes whose downtime does not count")
    maintenance_excluded: bool = term("EX-6", "whether the provider's own maintenance is excluded as well")


class Tier(Part):
    minutes: Count = term("CR-1, I-3", "whole minutes of downtime in the month from which the tier applies")
    days: Count = term("CR-1", "credit days, instead of those of the tier before")


class Credits(Part):
    """Annex A §2 and §4: what a month of downtime earns."""

    tiers: Listed[Tier] = term("CR-1, I-3", "lower bounds, ascending")
    rounding: Literal["floor_month_to_minutes"] = term("I-2", "milliseconds are summed over the month, floored once")
    applied_to: Literal["future_payments"] = term("CR-2", "no refund, no transfer, no cash")
    sole_remedy: Literal[True] = term("RM-1", "nothing else is owed for a missed promise")
    day_value: Literal["left_to_billing"] = term("I-19", "what a day of credit is worth")
    corrections_after_issue: Literal["until_final", "never"] = term(
        "I-18", "whether a correction in the provider's favour adjusts a credit that was issued"
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.tiers:
            raise ValueError("tiers must hold at least one tier")
        for lower, upper in pairwise(self.tiers):
            if upper.minutes <= lower.minutes or upper.days <= lower.days:
                raise ValueError(f"tiers must ascend in minutes and days, but {upper.minutes} follows {lower.minutes}")
        return self


class Claims(Part):
    """Annex A §4: how a credit is asked for, and until when."""

    window_days: Count = term("CR-3", "days in which a credit is asked for, from becoming eligible")
    written_channels: Distinct[Literal["email", "web", "letter", "chat", "phone"]] = term(
        "CR-3", "channels of a ticket that count as writing; another is answered 'please write'"
    )
    closed_account: Literal["not_applicable"] = term("CR-3", "how a credit of a closed account is marked when issued")
    auto_claim: bool = term("CR-3", "whether the provider claims for the customer")
    eligible_at: Literal["next_month", "fifteenth_minute"] = term(
        "I-8", "the first instant of the next month, or of reaching the lowest tier"
    )
    late_eligibility: Literal["new_window", "none"] = term(
        "I-17", "whether a correction that raises the days opens a new window"
    )


class Document(Part):
    """One terms file, as written."""

    effective: date = term("VE-1", "first day on which a month that begins is judged by these terms")
    notified: date = term("VE-1", "day on which customers were told")
    month_zone: Zone = term("I-1", "zone of the calendar month")
    availability: Availability
    exclusions: Exclusions
    credits: Credits
    claims: Claims
    response: Response
    fair_use: FairUse


class Terms(Document):
    """The terms of one series from one effective date on, and the exact arithmetic on them."""

    series: str
    digest: str

    @cached_property
    def reference(self) -> str:
        """How every fact names its terms: ``2024-09-23@`` and the first 12 hex digits of the file's SHA-256."""
        return f"{self.effective.isoformat()}@{self.digest[:12]}"

    def objective_ratio(self) -> tuple[int, int]:
        """The objective as an exact fraction in lowest terms, (99999, 100000)."""
        return self.availability.objective.as_integer_ratio()

    def budget_ms(self, covered_ms: int) -> int:
        """Downtime that still meets the objective: met exactly when ``down_ms <= budget_ms(covered_ms)`` (I-10)."""
        up, whole = self.objective_ratio()
        return covered_ms * (whole - up) // whole

    def is_incomplete(self, unknown_ms: int, covered_ms: int) -> bool:
        """Whether more of the month is unknown than `max_unknown` allows (I-6)."""
        limit, whole = self.availability.max_unknown.as_integer_ratio()
        return unknown_ms * whole > covered_ms * limit

    def credit_days(self, down_ms: int) -> int:
        """Days earned by a month's counted downtime: floored to whole minutes once (I-2), then the table (CR-1)."""
        tiers = self.credits.tiers
        reached = bisect_right(tiers, down_ms // MINUTE_MS, key=lambda tier: tier.minutes)
        return tiers[reached - 1].days if reached else 0

    def hold_ms(self, interval_ms: int) -> int:
        """How long a sample speaks for its device: (missed_heartbeats + ½) intervals, floored (I-4)."""
        return interval_ms * (2 * self.availability.missed_heartbeats + 1) // 2

    def excludes(self, cause: str) -> bool:
        """Whether approved downtime of this cause does not count (EX-1..EX-4, EX-6)."""
        if cause == "maintenance":
            return self.exclusions.maintenance_excluded
        return cause in self.exclusions.causes

    def __hash__(self) -> int:
        return hash(self.digest)
