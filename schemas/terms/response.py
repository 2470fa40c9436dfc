"""How soon the first answer to a ticket is due, and how often that must be kept (Annex A §1)."""

import re
from datetime import time
from functools import cache
from typing import Annotated, Literal, Self

from holidays import country_holidays
from pydantic import AfterValidator, model_validator

from schemas.terms.fields import Distinct, Listed, Part, Share, Text, Weekday, Zone, term

TicketType = Literal["incident", "request", "complaint", "number_port", "number_change", "credit_claim"]


NEXT_BUSINESS_DAY = "next_business_day"

_HOURS = re.compile(r"([1-9]\d{0,3}) h", re.ASCII)


def _hours_or_day(target: str) -> str:
    if target != NEXT_BUSINESS_DAY and not _HOURS.fullmatch(target):
        raise ValueError(f"must be hours, such as '4 h', or '{NEXT_BUSINESS_DAY}'")
    return target


@cache
def _hours(target: str) -> int | None:
    match = _HOURS.fullmatch(target)
    return int(match[1]) if match else None


Target = Annotated[str, AfterValidator(_hours_or_day)]


class ContactHours(Part):
    """Local hours of some weekdays, half-open: [opens, closes)."""

    days: Distinct[Weekday] = term("RS-1", "weekdays with these hours")
    opens: time = term("RS-1", "local time from which requests are in contact hours")
    closes: time = term("RS-1", "local time from which they no longer are")

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(f"closes must be later than opens ({self.opens})")
        return self


class Targets(Part):
    """By priority; in contact hours RS-2, at all other times and on holidays RS-3."""

    urgent: Target = term("RS-2, RS-3", "target of an urgent ticket")
    medium: Target = term("RS-2, RS-3", "target of a medium ticket")
    low: Target = term("RS-2, RS-3", "target of a low ticket")

    def hours(self, priority: Literal["urgent", "medium", "low"]) -> int | None:
        """Hours from creation to the first response; None where it is due on the next business day."""
        return _hours(getattr(self, priority))


class Holidays(Part):
    """As the `holidays` package names them."""

    country: Text = term("I-13", "ISO 3166 code of the country")
    subdivision: Text = term("I-13", "code of the province or state")

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            known = country_holidays(self.country).subdivisions
        except NotImplementedError:
            raise ValueError(f"the holidays package does not know the country {self.country!r}") from None
        if self.subdivision not in known:
            raise ValueError(f"{self.country} has no subdivision {self.subdivision!r}; allowed are {', '.join(known)}")
        return self


class Response(Part):
    hours_zone: Zone = term("I-1", "zone of the contact hours and of local dates")
    contact_hours: Listed[ContactHours] = term("RS-1", "the week's contact hours")
    in_contact_hours: Targets
    other_times: Targets
    attainment: Share = term("RS-4", "share of a month's requests that must be answered in time, judged on integers")
    ticket_types: Distinct[TicketType] = term("I-20", "types of ticket that are requests related to the SLA")
    counted_apart: Distinct[TicketType] = term("NU-1", "types that depend on third parties: counted, not judged")
    judged_per: Literal["account", "all_customers"] = term("I-20", "whose requests the share is taken over")
    clock: Literal["elapsed", "contact"] = term("I-11", "whether hours run always, or in contact hours only")
    pause_while_pending_customer: bool = term("I-11", "whether a contact clock stands while the customer is asked")
    business_days: Distinct[Weekday] = term("I-12", "weekdays that are business days unless they are holidays")
    next_business_day: Literal["after_creation", "same_day_before_opening"] = term(
        "I-12", "whether a ticket before opening on a business day is due the business day after, or that day"
    )
    holidays: Holidays
    counted_in: Literal["month_of_creation"] = term("I-14", "the month a request belongs to")
    first_response: Literal["public_by_agent"] = term("I-15", "what counts as the first response")
    priority_changes: Literal["each_from_creation"] = term(
        "I-16", "a ticket is judged by the priority in force at each instant, measured from creation"
    )

    def attained(self, met: int, total: int) -> bool:
        """Whether so many requests answered in time, of a total, are enough (RS-4)."""
        share, whole = self.attainment.as_integer_ratio()
        return met * whole >= share * total

    @model_validator(mode="after")
    def _business_days_have_hours(self) -> Self:
        """What is due on the next business day is due at the end of its contact hours."""
        with_hours = {day for hours in self.contact_hours for day in hours.days}
        without = [day for day in self.business_days if day not in with_hours]
        if without:
            raise ValueError(f"{without[0]!r} is a business day without contact hours")
        if not self.business_days:
            raise ValueError("business_days must name at least one day")
        return self

    @model_validator(mode="after")
    def _no_type_twice(self) -> Self:
        both = [kind for kind in self.ticket_types if kind in self.counted_apart]
        if both:
            raise ValueError(f"{both[0]!r} is in ticket_types and in counted_apart")
        return self
