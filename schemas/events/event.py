"""What every input event can be asked, whether pydantic or msgspec holds its fields."""

import hashlib
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from schemas import times
from schemas.events.fields import INSTANT, Instant


class Field(NamedTuple):
    """A field by its name in Python and on the wire (`from_` is `from` there)."""

    name: str
    wire: str
    instant: bool


class Event:
    """Where an event belongs and what it says. `MODEL` is its published contract."""

    __slots__ = ()

    TOPIC: ClassVar[str]
    KEY: ClassVar[str | None]
    """The field whose UTF-8 is the message's key; None: the message goes to every partition."""
    DATED: ClassVar[str | None]
    """The field that says when it happened; None: it says since when it counts, which may be any time."""
    ARRIVAL: ClassVar[str] = "received_at"
    NULL_SPEAKS: ClassVar[frozenset[str]] = frozenset()
    """The fields in which an explicit null says something else than an absent field."""
    MODEL: ClassVar[type["Message"]]

    @property
    def key(self) -> str | None:
        return getattr(self, self.KEY) if self.KEY else None

    @property
    def dated(self) -> int | None:
        return getattr(self, self.DATED) if self.DATED else None

    @property
    def newest_change(self) -> int | None:
        """The newest instant in ms that the event can say something about; None: it may reach into any month."""
        return self.dated

    def arrival(self, timestamp: int | None) -> int | None:
        """When the event arrived, in ms: what it says itself, else the broker's `timestamp`, else not known."""
        own: int | None = getattr(self, self.ARRIVAL)
        return timestamp if own is None else own

    def written(self) -> dict[str, Any]:
        """The fields as the topic carries them: instants as text, absent ones left out."""
        values = ((field, getattr(self, field.name)) for field in fields(self.MODEL))
        return {
            field.wire: times.render(value) if field.instant and value is not None else value
            for field, value in values
            if value is not msgspec.UNSET and (value is not None or field.wire in self.NULL_SPEAKS)
        }

    @property
    def payload_hash(self) -> str:
        """16 hexadecimal digits over the known fields without `received_at`: the same words have the same hash,
        however they were spelled."""
        written = self.written()
        written.pop("received_at", None)
        return hashlib.sha256(msgspec.json.encode(written, order="sorted")).hexdigest()[:16]


class Message(Event, BaseModel):
    """The published contract of an event: strict, immutable, deaf to unknown fields."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        arbitrary_types_allowed=True,  # msgspec's UNSET
        validate_by_name=True,
        validate_by_alias=True,
        protected_namespaces=(),  # a device has a `model`
        use_attribute_docstrings=True,
        defer_build=True,  # a recording has few kinds, and of those mostly what the short ways decode
    )

    received_at: Instant | None = None

    _source: str | None = PrivateAttr(default=None)

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.MODEL = cls

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None or name in cls.NULL_SPEAKS}

    @property
    def source(self) -> str:
        """Who named the event: the CloudEvents source, or the topic for a bare message."""
        return self._source or self.TOPIC

    def said_by(self, source: str | None) -> "Message":
        """The event as a CloudEvents source sent it."""
        self._source = source
        return self


@cache
def fields(model: type[Message]) -> tuple[Field, ...]:
    hints = get_type_hints(model, include_extras=True)
    return tuple(Field(name, info.alias or name, is_instant(hints[name])) for name, info in model.model_fields.items())


@cache
def wire_names(model: type[Message]) -> frozenset[str]:
    return frozenset(field.wire for field in fields(model))


def is_instant(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        return INSTANT in hint.__metadata__
    return any(is_instant(part) for part in get_args(hint))
