"""What every fact carries (semantics §6), and how one is written.

A fact is a value: an immutable Struct whose instants are integer milliseconds. On the wire they are text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from sys import intern
from typing import Annotated, Any, ClassVar, NamedTuple, Self, TypeVar, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_DNS, UUID, uuid5

import msgspec
from msgspec.structs import force_setattr

from schemas import times

Instant = Annotated[
    int, msgspec.Meta(extra_json_schema={"type": "string", "format": "date-time"}, extra={"instant": True})
]
Milliseconds = Annotated[int, msgspec.Meta(description="a duration")]

NAMESPACE: UUID = uuid5(NAMESPACE_DNS, "fivenines.invalid")

HISTORY = frozenset({"version", "revision", "supersedes", "source"})
"""How a fact came to be, not what it says: left out where two derivations are compared."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`version` says how much input the fact was derived from: the greatest is the newest. `revision` is for people."""

    TOPIC: ClassVar[str]
    KEY: ClassVar[str]
    IDENTITY: ClassVar[tuple[str, ...]]
    ORDER: ClassVar[tuple[str, ...]] = ()
    """How the facts of one key are sorted in an output; the identity where nothing is said."""

    terms: str
    fold_version: int
    settings: dict[str, int]
    version: int = 0
    revision: int = 1
    retracted: bool = False

    @property
    def identity(self) -> tuple[Any, ...]:
        return _identity(type(self))(self)

    @property
    def key(self) -> str:
        return str(getattr(self, self.KEY))

    @property
    def order(self) -> tuple[Any, ...]:
        return _order(type(self))(self)

    def says(self, other: "Fact") -> bool:
        """Whether both say the same, however they came to be."""
        return self.content() == other.content()

    def content(self) -> tuple[Any, ...]:
        return _content(type(self))(self)

    def written(self) -> dict[str, Any]:
        """The fact as its topic carries it: instants as text, field names as published."""
        return _written(self, _form(type(self)))

    def current(self) -> dict[str, Any]:
        """What two derivations must agree on: the written fact without its history."""
        return _written(self, _form(type(self), HISTORY))

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """The fact of its written form. Raises `msgspec.ValidationError` on anything else."""
        return _sharing(msgspec.convert(_parsed(cls, written), cls))

    @classmethod
    def load(cls, saved: bytes, key: str | None = None) -> tuple[Self, ...]:
        """Facts that were saved with msgpack; what many of them repeat, their `key` too, is one object for all."""
        facts: list[Self] = _saved(cls)(saved)
        for fact in map(_sharing, facts):
            if key is not None and fact.key == key:
                force_setattr(fact, cls.KEY, key)
        return tuple(facts)


def named(name: str) -> str:
    """The id of what `name` names, such as ``outage/LOCATION/STARTED_AT`` (semantics §10)."""
    return str(uuid5(NAMESPACE, name))


@cache
def _identity(cls: type[Fact]) -> Callable[[Fact], tuple[Any, ...]]:
    return _values(cls.IDENTITY)


@cache
def _order(cls: type[Fact]) -> Callable[[Fact], tuple[Any, ...]]:
    return _values(cls.ORDER or cls.IDENTITY)


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    values = attrgetter(*names)
    return values if len(names) > 1 else lambda fact: (values(fact),)


@cache
def _saved(cls: type[Fact]) -> Callable[[bytes], list[Any]]:
    return msgspec.msgpack.Decoder(list[cls]).decode  # type: ignore[valid-type]


_SETTINGS: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}
"""Few different ones, in very many facts."""

F = TypeVar("F", bound="Fact")

_REPEATED = ("terms", "account_id", "location_id", "month")
"""Texts that stand in very many facts."""


def _sharing(fact: F) -> F:
    """The fact, with one object for what is the same in others."""
    settings = tuple(fact.settings.items())
    force_setattr(fact, "settings", _SETTINGS.setdefault(settings, fact.settings))
    for name in _repeated(type(fact)):
        if (text := getattr(fact, name)) is not None:
            force_setattr(fact, name, intern(text))
    return fact


@cache
def _repeated(cls: type[Fact]) -> Sequence[str]:
    return [name for name in _REPEATED if name in cls.__struct_fields__]


@cache
def _content(cls: type[Fact]) -> Callable[[Fact], tuple[Any, ...]]:
    return attrgetter(*(name for name in cls.__struct_fields__ if name not in HISTORY))


class _Form(NamedTuple):
    """How a kind of thing is written: which fields are left out, and which have another name on the wire; by that name,
    what is an instant, and what lists smaller things, each in its own form."""

    without: Sequence[str]
    renamed: Mapping[str, str]
    instants: Sequence[str]
    parts: "Mapping[str, _Form]"


@cache
def _form(cls: type[msgspec.Struct], without: frozenset[str] = frozenset()) -> _Form:
    fields = zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True)
    wire = {name: encoded for name, encoded in fields if name not in without}
    return _Form(
        without=[name for name in cls.__struct_fields__ if name in without],
        renamed=wire if any(name != encoded for name, encoded in wire.items()) else {},
        instants=[wire[name] for name in wire if name in instants(cls)],
        parts={wire[name]: _form(kind) for name, kind in _parts(cls).items() if name in wire},
    )


def _written(struct: msgspec.Struct, form: _Form) -> dict[str, Any]:
    written = msgspec.structs.asdict(struct)
    for name in form.without:
        del written[name]
    if form.renamed:
        written = {form.renamed[name]: value for name, value in written.items()}
    for name in form.instants:
        at = written[name]
        if at is not None:
            written[name] = times.render(at)
    for name, parts in form.parts.items():
        written[name] = [_written(part, parts) for part in written[name]]
    return written


def _parsed(cls: type[msgspec.Struct], written: Mapping[str, Any]) -> dict[str, Any]:
    names = dict(zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True))
    at, parts = instants(cls), _parts(cls)
    return {
        wire: times.parse(value)
        if isinstance(value, str) and names.get(wire) in at
        else [_parsed(parts[names[wire]], part) for part in value]
        if isinstance(value, list | tuple) and names.get(wire) in parts
        else value
        for wire, value in written.items()
    }


@cache
def instants(cls: type[msgspec.Struct]) -> frozenset[str]:
    """The fields that are instants, by name."""
    hints = get_type_hints(cls, include_extras=True)
    return frozenset(name for name in cls.__struct_fields__ if _is_instant(hints[name]))


@cache
def _parts(cls: type[msgspec.Struct]) -> Mapping[str, type[msgspec.Struct]]:
    """The fields that list smaller things with fields of their own, and their kind."""
    kinds = {name: get_args(hint)[:1] for name, hint in get_type_hints(cls).items() if get_origin(hint) is tuple}
    return {
        name: kind for name, (kind,) in kinds.items() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }


def _is_instant(hint: Any) -> bool:
    metadata = getattr(hint, "__metadata__", ())
    return any((meta.extra or {}).get("instant") for meta in metadata if isinstance(meta, msgspec.Meta)) or any(
        _is_instant(part) for part in get_args(hint) if part is not hint
    )
