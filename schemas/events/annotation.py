"""`outage-annotations`: why a stretch of time was as it was, and who says so (semantics §2)."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, JsonValue, model_validator

from schemas.events.event import Message
from schemas.events.fields import Count, Id, Instant


class Annotation(Message):
    """A revision of an annotation: the newest counts, then the newest `recorded_at`, then the greater hash."""

    TOPIC: ClassVar = "outage-annotations"
    KEY: ClassVar = "location_id"
    DATED: ClassVar = None
    ARRIVAL: ClassVar = "recorded_at"

    id: Id
    annotation_id: Id
    revision: Count
    location_id: Id
    from_: Instant = Field(alias="from")
    to: Instant | None = None
    """None: until the outage that contains `from` ends."""
    cause: Literal[
        "beyond_control",
        "customer_action",
        "third_party",
        "site_power",
        "site_internet",
        "customer_equipment",
        "provider",
        "maintenance",
        "monitoring_gap",
    ]
    state: Literal["approved", "retracted"]
    author: Id | None = None
    approved_by: Id | None = None
    evidence: JsonValue | None = None
    """What speaks for it, in whatever form the author has it."""
    proposal_id: Id | None = None
    recorded_at: Instant

    @property
    def identity(self) -> tuple[Any, ...]:
        return (self.TOPIC, self.source, self.id)

    @property
    def newest_change(self) -> int | None:
        return None if self.to is None else self.to - 1

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            raise ValueError("to must be later than from")
        return self

    @model_validator(mode="after")
    def _another_person_approves(self) -> Self:
        if self.state == "approved" and self.author is not None and self.approved_by == self.author:
            raise ValueError("approved_by must be another person than the author")
        return self
