"""Where the live tables differ from what the facts and the input models declare."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from clickhouse_connect.driver.client import Client
from pydantic import JsonValue

from schemas.events import Annotation, HeartbeatMessage, Message, TicketEventMessage, TickMessage
from schemas.events.event import fields
from schemas.events.fields import INSTANT
from schemas.facts import FACTS, DeadLetter, Fact, Progress
from streams.archive.readers import table_of

_INSTANT: Final = "DateTime64(3, 'UTC')"
_SCALARS: Final = {str: "String", bool: "Bool", int: "Int64", float: "Float64", Decimal: "Decimal(10, 9)"}
_MESSAGE: Final = {"_partition": "UInt16", "_offset": "UInt64", "_timestamp": _INSTANT}
"""Where a row came from: every table that a topic fills says it."""
_WHOLE_MESSAGE: Final = {
    "_key": "String",
    "_value": "String",
    "_headers": "Array(Tuple(name String, value String))",
    **_MESSAGE,
}
_PLACE: Final = ("location_id", "device_id", "occurred_at")
_STATE: Final = (*_PLACE, "status", "interval_s", "collector_id", "received_at", "buffered")
"""The fields of a heartbeat that decide a state; the others are details."""

_STORED: Final = {"interval_ms": "Int64", "received_after_ms": "Int64", "_appended_after_ms": "Int64"}
"""How a heartbeat's durations are kept."""


class Table(NamedTuple):
    """`types` by column, without LowCardinality; `key` is the sorting key. An input's absent values may stand as null
    or as a value that no message has: `sentinels` says that both are right."""

    types: Mapping[str, str]
    key: tuple[str, ...]
    sentinels: bool = False


def drift(client: Client) -> list[str]:
    """One line for each difference between the client's database and the declarations; empty when there is none."""
    live = _live(client)
    return [line for name, table in declared().items() for line in _differences(name, table, live.get(name))]


def declared() -> dict[str, Table]:
    """Every table whose columns follow from a fact or from an input model."""
    return {
        **{table_of(fact.TOPIC): _of_fact(fact, _wire_identity(fact)) for fact in FACTS},
        table_of(Progress.TOPIC): _of_fact(Progress, ("topic", "partition")),
        table_of(DeadLetter.TOPIC): _of_fact(DeadLetter, ("topic", "partition", "offset", "line")),
        **_of_inputs(),
    }


def _of_inputs() -> dict[str, Table]:
    details = [field.wire for field in fields(HeartbeatMessage) if field.wire not in _STATE]
    state = _types(HeartbeatMessage, _STATE)
    del state["interval_s"]
    sample_key = (*_PLACE, "_partition", "_offset")
    message_key = ("_partition", "_offset")
    return {
        "heartbeats": Table({**state, **_STORED, **_MESSAGE}, sample_key, sentinels=True),
        "heartbeat_details": Table(
            {**_types(HeartbeatMessage, (*_PLACE, *details)), **_MESSAGE}, sample_key, sentinels=True
        ),
        "diagnoses": Table(
            {**_types(HeartbeatMessage, (*_PLACE, "reported_cause")), **_WHOLE_MESSAGE},
            ("location_id", "_partition", "_offset"),
            sentinels=True,
        ),
        "ticks": Table(
            {**_types(TickMessage, ("collector_id", "occurred_at")), **_MESSAGE},
            ("_partition", "collector_id", "occurred_at", "_offset"),
            sentinels=True,
        ),
        "outage_annotations": Table({**_types(Annotation), **_WHOLE_MESSAGE}, message_key, sentinels=True),
        "ticket_events": Table({**_types(TicketEventMessage), **_WHOLE_MESSAGE}, message_key, sentinels=True),
    }


def _types(model: type[Message], names: Collection[str] | None = None) -> dict[str, str]:
    """The types of a model's fields by their names on the wire; without names, of all but `received_at`."""
    hints = get_type_hints(model, include_extras=True)
    named = {field.wire: _type(hints[field.name]) for field in fields(model)}
    return {wire: named[wire] for wire in (names if names is not None else named.keys() - {"received_at"})}


def _of_fact(fact: type[Fact] | type[Progress] | type[DeadLetter], key: tuple[str, ...]) -> Table:
    hints = get_type_hints(fact, include_extras=True)
    names = zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True)
    return Table({**{wire: _type(hints[name]) for name, wire in names}, **_MESSAGE}, key)


def _wire_identity(fact: type[Fact]) -> tuple[str, ...]:
    wire = dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True))
    return tuple(wire[name] for name in fact.IDENTITY)


def _type(hint: Any) -> str:
    """The column type of a field's hint. Raises TypeError: no column is declared for such a value."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _INSTANT if any(map(_marks_instant, hint.__metadata__)) else _type(arguments[0])
    if origin is tuple:
        return f"Array({_type(arguments[0])})"
    if origin in (Union, UnionType):
        given = [each for each in arguments if each not in (NoneType, msgspec.UnsetType)]
        inner = _type(given[0])
        return inner if inner.startswith("Tuple") else f"Nullable({inner})"
    if origin is Literal:
        return _type(type(arguments[0]))
    if origin is tuple:
        return f"Array({_type(arguments[0])})"
    if origin is dict or hint is JsonValue:
        return "String"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        parts = get_type_hints(hint, include_extras=True).items()
        return f"Tuple({', '.join(f'{name} {_type(of)}' for name, of in parts)})"
    if hint in _SCALARS:
        return _SCALARS[hint]
    raise TypeError(f"no column type for {hint}")


def _marks_instant(mark: Any) -> bool:
    return mark is INSTANT or (isinstance(mark, msgspec.Meta) and bool((mark.extra or {}).get("instant")))


def _live(client: Client) -> dict[str, Table]:
    columns = client.query(
        "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position"
    ).result_rows
    keys = client.query("SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase()").result_rows
    return {
        table: Table(
            {name: _plain(kind) for of, name, kind in columns if of == table},
            tuple(part.strip("` ") for part in key.split(",")) if key else (),
        )
        for table, key in keys
    }


def _plain(kind: str) -> str:
    """A live type as the declarations write it: how a text is stored is the table's affair."""
    kind = re.sub(r"\s+", " ", kind).replace("( ", "(")
    kind = re.sub(r"LowCardinality\(((?:Nullable\()?String\)?)\)", r"\1", kind)
    return re.sub(r"Enum8\([^)]*\)", "String", kind)


def _differences(name: str, declared: Table, live: Table | None) -> list[str]:
    if live is None:
        return [f"{name}: the table is missing"]
    lines = [f"{name}.{column}: the column is missing" for column in declared.types.keys() - live.types.keys()]
    lines += [f"{name}.{column}: nothing declares it" for column in live.types.keys() - declared.types.keys()]
    for column in declared.types.keys() & live.types.keys():
        wanted, found = declared.types[column], live.types[column]
        if declared.sentinels:
            wanted, found = _not_null(wanted), _not_null(found)
        if wanted != found:
            lines.append(f"{name}.{column}: {found}, declared as {wanted}")
    if live.key != declared.key:
        lines.append(f"{name}: ordered by {', '.join(live.key)}, declared as {', '.join(declared.key)}")
    return sorted(lines)


def _not_null(kind: str) -> str:
    return kind.removeprefix("Nullable(").removesuffix(")") if kind.startswith("Nullable(") else kind
