"""Every topic once: what it carries, under which key, in how many partitions and for how long.

Nothing effective-dated is compacted: a version that no longer counts now still counts for the time before
(semantics §1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from schemas.derivation import DAY_MS, HOUR_MS, Derivation
from schemas.partitioner import murmur2_partition

__all__ = [
    "DECIDE_APP",
    "DECIDE_CHANGELOG",
    "INTAKE_STATE",
    "LEDGER_STATE",
    "TOPICS",
    "Group",
    "Kind",
    "Topic",
    "murmur2_partition",
]

Kind = Literal["input", "fact", "internal"]
Group = Literal["location", "account", "single"]
Kept = Literal["correctable", "for_ever", "latest"]

DEFAULT_PARTITIONS: Final[Mapping[Group, int]] = MappingProxyType({"location": 8, "account": 8, "single": 1})
"""Fixed when the platform is created: another number would send a key's later messages elsewhere."""

INTAKE_STATE: Final = "intake-state"
DECIDE_APP: Final = "fivenines-decide"
DECIDE_CHANGELOG: Final = f"{DECIDE_APP}-locations-changelog"
"""As faust would name it."""

LEDGER_STATE: Final = "ledger-state"

MESSAGE_BYTES: Final = 1_048_588
"""Kafka's own limit, which is enough where no foreign body travels."""
BODY_BYTES: Final = 2_097_152
"""So that what is too large arrives, and is refused with its reason, instead of stopping its producer."""
STATE_BYTES: Final = 8_388_608

COMPACTED_SOON: Final[Mapping[str, str]] = MappingProxyType(
    {"cleanup.policy": "compact", "segment.bytes": str(64 * 1024 * 1024), "segment.ms": str(HOUR_MS)}
)
"""Kafka compacts only what it writes to no more, a gigabyte or a week later by default: whoever takes the state over
would read all of that."""

SEEN_FIRST: Final[Mapping[str, str]] = MappingProxyType(
    {"min.compaction.lag.ms": str(HOUR_MS), "message.timestamp.type": "LogAppendTime"}
)
"""An hour, from when it arrived, is left to see what a process wrote that had been paused: in decide's changelog it may
stand last, and yet not be what counts."""


@dataclass(frozen=True, slots=True)
class Topic:
    """`key` names the field whose UTF-8 is the key; `carries` the kinds of message. The topics of one group have the
    same number of partitions, so that a key has the same partition in all of them."""

    name: str
    kind: Kind
    carries: tuple[str, ...]
    key: str
    group: Group
    kept: Kept
    max_message_bytes: int = MESSAGE_BYTES

    @property
    def compacted(self) -> bool:
        return self.kept == "latest"

    def partitions(self, counts: Mapping[Group, int] = DEFAULT_PARTITIONS) -> int:
        return counts[self.group]

    def retention_ms(self, derivation: Derivation) -> int | None:
        """None: for ever."""
        return derivation.correction_horizon_ms + 31 * DAY_MS if self.kept == "correctable" else None

    def config(self, derivation: Derivation) -> dict[str, str]:
        """The topic's settings as Kafka names them."""
        retention = self.retention_ms(derivation)
        return {
            **(COMPACTED_SOON if self.compacted else {"cleanup.policy": "delete"}),
            "retention.ms": str(-1 if retention is None else retention),
            "retention.bytes": "-1",
            "max.message.bytes": str(self.max_message_bytes),
            # The clock under suspicion does not vouch for itself, and retention goes by when a message came.
            "message.timestamp.type": "CreateTime" if self.kind == "internal" else "LogAppendTime",
            **(SEEN_FIRST if self.name == DECIDE_CHANGELOG else {}),
        }


def _inputs() -> tuple[Topic, ...]:
    """Kept until no month can change any more that they say something about; the archive holds what is older."""

    def given(name: str, carries: tuple[str, ...], key: str, group: Group, kept: Kept = "correctable") -> Topic:
        return Topic(name, "input", carries, key, group, kept, BODY_BYTES)

    return (
        given("device-heartbeats", ("heartbeat", "tick"), "location_id", "location"),
        given("call-records", ("call_record",), "account_id", "account"),
        given("tickets", ("ticket_event",), "account_id", "account"),
        given(
            "registry",
            (
                *("account", "plan", "location", "device", "number", "campaign", "destination_class", "do_not_call"),
                "reconciliation",
            ),
            "entity id",
            "single",
            "for_ever",
        ),
        given("outage-annotations", ("annotation",), "location_id", "location"),
    )


def _facts() -> tuple[Topic, ...]:
    """What intake derives follows from the inputs at any time, and progress records stand in it without end: it is kept
    as long as they are. What is decided from it is little, and is what the customer was told: it is kept for ever."""

    def followed(name: str, fact: str, key: str, group: Group, max_message_bytes: int = MESSAGE_BYTES) -> Topic:
        return Topic(name, "fact", (fact,), key, group, "correctable", max_message_bytes)

    def decided(name: str, fact: str, key: str, group: Group) -> Topic:
        return Topic(name, "fact", (fact,), key, group, "for_ever")

    return (
        followed("location-states", "location_state", "location_id", "location"),
        followed("location-outages", "location_outage", "location_id", "location"),
        followed("exclusion-proposals", "exclusion_proposal", "location_id", "location"),
        decided("availability", "availability", "location_id", "location"),
        decided("credits", "credit", "location_id", "location"),
        decided("billing-credits", "billing_credit", "location_id", "location"),
        decided("claim-answers", "claim_answer", "account_id", "account"),
        decided("ticket-responses", "ticket_response", "account_id", "account"),
        decided("response-monthly", "response_month", "account_id", "account"),
        followed("calls", "call", "account_id", "account"),
        decided("usage-monthly", "usage_month", "account_id", "account"),
        decided("fair-use-baselines", "fair_use_baseline", "plan_id", "single"),
        decided("fair-use-findings", "fair_use_finding", "account_id", "account"),
        followed("dead-letters", "dead_letter", "topic/partition", "single", BODY_BYTES),
        followed("progress", "progress", "topic/partition", "single"),
    )


def _internal() -> tuple[Topic, ...]:
    """Saved state: only the latest of a key is ever read."""
    return (
        Topic(INTAKE_STATE, "internal", ("intake_state",), "part of a partition", "location", "latest", STATE_BYTES),
        Topic(LEDGER_STATE, "internal", ("ledger_state",), "kind and id", "single", "latest", STATE_BYTES),
        Topic(DECIDE_CHANGELOG, "internal", ("decide_state",), "location_id", "location", "latest", STATE_BYTES),
    )


TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(
    {topic.name: topic for topic in (*_inputs(), *_facts(), *_internal())}
)
