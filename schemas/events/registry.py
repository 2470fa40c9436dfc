"""`registry`: whom the platform serves, where and with what, as versions that count from `valid_from` (semantics §2).

A version says everything about its entity: a field that is absent from it is null from then on.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NotRequired, Self

from annotated_types import Len
from pydantic import Field, model_validator
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from schemas.events.event import Message
from schemas.events.fields import E164, Count, Id, Instant, InstantText, Interval, Month, Text


class RegistryRecord(Message):
    """A version of an entity. Of two with the same identity the newest `recorded_at` counts, then the greater hash."""

    TOPIC: ClassVar = "registry"
    KEY: ClassVar[str]
    DATED: ClassVar = None
    ARRIVAL: ClassVar = "recorded_at"

    entity: str
    valid_from: Instant
    recorded_at: Instant
    closed_at: Instant | None = None

    @property
    def entity_id(self) -> str:
        return str(getattr(self, self.KEY))

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.entity, self.entity_id, self.valid_from)


class Account(RegistryRecord):
    """A customer."""

    KEY: ClassVar = "account_id"

    entity: Literal["account"] = "account"
    account_id: Id
    plan_id: Id | None = None
    terms: Id | None = None
    """The series of terms; None: `standard`."""
    authorised_uses: list[Id] | None = None
    name: Text | None = None


class Plan(RegistryRecord):
    """What a customer has subscribed to."""

    KEY: ClassVar = "plan_id"

    entity: Literal["plan"] = "plan"
    plan_id: Id
    name: Text | None = None
    unlimited_voice: bool | None = None
    unlimited_fax: bool | None = None


class Location(RegistryRecord):
    """A single place where an end user receives service (clause AV-2)."""

    KEY: ClassVar = "location_id"

    entity: Literal["location"] = "location"
    location_id: Id
    account_id: Id | None = None
    """None: nobody has it."""
    access: Literal["provider_circuit", "customer_broadband"] | None = None
    sla_from: Instant | None = None
    """None: never (clause EX-5)."""
    activated_at: Instant | None = None
    """None: always."""
    primary_device_id: Id | None = None
    """The device that decides where the terms say that the primary does (I-5)."""
    name: Text | None = None
    site: Text | None = None
    contact: Text | None = None
    timezone: Id | None = None


class Device(RegistryRecord):
    """Something that reports."""

    KEY: ClassVar = "device_id"

    entity: Literal["device"] = "device"
    device_id: Id
    location_id: Id | None = None
    """None: wherever it reports from."""
    monitored: bool = True
    heartbeat_interval_s: Interval | None = None
    """None: the terms' default."""
    model: Text | None = None


class Number(RegistryRecord):
    """A telephone number."""

    KEY: ClassVar = "e164"

    entity: Literal["number"] = "number"
    e164: E164
    account_id: Id | None = None
    type: Id | None = None
    hunt_group: bool | Id | None = None


class Campaign(RegistryRecord):
    """A registered messaging campaign (clause PU-2)."""

    KEY: ClassVar = "campaign_id"

    entity: Literal["campaign"] = "campaign"
    campaign_id: Id
    account_id: Id


class DestinationClass(RegistryRecord):
    """What a number prefix leads to (clause BL-1)."""

    KEY: ClassVar = "prefix"

    entity: Literal["destination_class"] = "destination_class"
    prefix: Id
    class_: Id = Field(alias="class")


class DoNotCall(RegistryRecord):
    """A number whose holder must not be called (clause PU-5)."""

    KEY: ClassVar = "e164"

    entity: Literal["do_not_call"] = "do_not_call"
    e164: E164


class Known(TypedDict):
    """The downtime of a month by what had been recorded at an instant: what `availability` tells as a correction."""

    recorded_at: InstantText
    down_ms: Count


class ReconciledMonth(TypedDict):
    """A month of which something else was published than follows. `known`: what was told of its downtime, in order,
    the last as it stood; none, where that was right, or the month was not closed. `lowest_tier_at` was told, too, if
    `known` was. `entries` of its chain were published, and `days` is what the chain shall add up to."""

    account_id: Id
    month: Month
    known: list[Known]
    lowest_tier_at: NotRequired[InstantText]
    entries: Count
    days: Count


class Reconciliation(RegistryRecord):
    """Somebody looked at what a location or an account was told, and at what follows now, and has the platform say
    that: a corrected fold alone changes nothing. It is asked once more from `valid_from` on, and the processes that
    publish one of `facts` say again what does not agree, or may not."""

    KEY: ClassVar = "reconciliation_id"

    entity: Literal["reconciliation"] = "reconciliation"
    reconciliation_id: Id
    location_id: Id | None = None
    account_id: Id | None = None
    """Of one of the two it speaks: a location with all that follows there, or an account with its tickets."""
    facts: Annotated[list[Id], Len(1)]
    """The topics in which something else was published."""
    months: list[ReconciledMonth] = Field(default_factory=list)
    reason: Text
    author: Id

    @property
    def subject(self) -> str:
        """The location or the account."""
        return self.location_id or self.account_id or ""

    def corrects(self, fact: Any) -> bool:
        """Whether a fact is of those that may not agree, and was not final."""
        return fact.TOPIC in self.facts and getattr(fact, "final_at", self.recorded_at + 1) > self.recorded_at

    @model_validator(mode="after")
    def _is_of_one(self) -> Self:
        if (self.location_id is None) == (self.account_id is None):
            raise ValueError("a reconciliation is of a location_id or of an account_id")
        if self.months and self.location_id is None:
            raise ValueError("months are of a location")
        return self


ENTITIES: Mapping[str, type[RegistryRecord]] = MappingProxyType(
    {
        "account": Account,
        "plan": Plan,
        "location": Location,
        "device": Device,
        "number": Number,
        "campaign": Campaign,
        "destination_class": DestinationClass,
        "do_not_call": DoNotCall,
        "reconciliation": Reconciliation,
    }
)
