"""Writes the published documents: a JSON Schema for every event and fact, and one AsyncAPI 3 document over the topics.

`python -m schemas.publish` writes `schemas/published/` anew; a test fails where it differs from the code.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticOmit, core_schema

from schemas.derivation import Derivation
from schemas.events import CONTRACTS, Message
from schemas.facts import FACTS, DeadLetter, Progress
from schemas.topics import TOPICS, Topic

PUBLISHED: Final = Path(__file__).parent / "published"
_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The one that AsyncAPI 3 takes without further words."""


def documents() -> Mapping[str, dict[str, Any]]:
    """Every published document by its path within the folder."""
    events = {f"events/{kind}.json": schema for kind, schema in _events()}
    facts = {f"facts/{kind}.json": schema for kind, schema in _facts()}
    return {**events, **facts, "asyncapi.json": _asyncapi({*events, *facts})}


def render(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def kind_of(contract: type) -> str:
    """`HeartbeatMessage` is the contract of a `heartbeat`, `CallRecord` that of a `call_record`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", contract.__name__.removesuffix("Message")).lower()


class _Contract(GenerateJsonSchema):
    """A contract as its senders see it: a null is as good as an absent field, and UNSET is a word of ours."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        raise PydanticOmit

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, msgspec.UNSET):
            return self.generate_inner(schema["schema"])
        return {"anyOf": [self.generate_inner(schema["schema"]), {"type": "null"}], "default": schema["default"]}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _events() -> Iterator[tuple[str, dict[str, Any]]]:
    for contract in CONTRACTS:
        yield kind_of(contract), _event(contract)


def _event(contract: type[Message]) -> dict[str, Any]:
    schema = contract.model_json_schema(schema_generator=_Contract)
    if "entity" in schema["properties"]:  # Python code may leave it out, a message may not: it says what it is
        schema["properties"]["entity"] = {"const": kind_of(contract)}
        schema["required"] = ["entity", *schema["required"]]
    return {"$schema": _DIALECT, **schema, "title": kind_of(contract)}


def _facts() -> Iterator[tuple[str, dict[str, Any]]]:
    facts: tuple[type, ...] = (*FACTS, DeadLetter, Progress)
    for fact in facts:
        (schema,), parts = msgspec.json.schema_components([fact])
        own = parts.pop(fact.__name__)
        assert schema == {"$ref": f"#/$defs/{fact.__name__}"}
        document = {"$schema": _DIALECT, **own, "title": kind_of(fact), **({"$defs": parts} if parts else {})}
        yield kind_of(fact), _as_written(document)


def _as_written(schema: Any) -> Any:
    """Facts hold their instants as integers and write them as text."""
    if isinstance(schema, list):
        return [_as_written(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    text = {"type": "string"} if schema.get("format") == "date-time" else {}
    return {name: _as_written(part) for name, part in schema.items()} | text


def _asyncapi(paths: set[str]) -> dict[str, Any]:
    kinds = {path.split("/")[1].removesuffix(".json"): path for path in sorted(paths)}
    topics = [topic for topic in TOPICS.values() if any(kind in kinds for kind in topic.carries)]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "fivenines",
            "version": "1.0.0",
            "description": "What the platform takes, and what it says follows. Keys are UTF-8, partitioned by murmur2. "
            "CloudEvents 1.0 is taken as well as bare JSON.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, kinds) for topic in topics},
        "operations": {_operation(topic): _operates(topic) for topic in topics},
        "components": {
            "messages": {
                kind: {"name": kind, "payload": {"$ref": f"./{path}"}, "contentType": "application/json"}
                for kind, path in kinds.items()
            }
        },
    }


def _channel(topic: Topic, kinds: Mapping[str, str]) -> dict[str, Any]:
    config = topic.config(Derivation())
    return {
        "address": topic.name,
        "description": f"Key: the UTF-8 of {topic.key}.",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in topic.carries if kind in kinds},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions(),
                "topicConfiguration": {
                    "cleanup.policy": [config["cleanup.policy"]],
                    "retention.ms": int(config["retention.ms"]),
                    "max.message.bytes": int(config["max.message.bytes"]),
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(topic: Topic) -> str:
    return f"{'take' if topic.kind == 'input' else 'say'}-{topic.name}"


def _operates(topic: Topic) -> dict[str, Any]:
    return {
        "action": "receive" if topic.kind == "input" else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
    }


def publish() -> None:
    for path, document in documents().items():
        target = PUBLISHED / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render(document), encoding="utf-8")


if __name__ == "__main__":
    publish()
