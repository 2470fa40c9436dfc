"""The published documents say what the code does: they are generated, and here compared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.publish import PUBLISHED, documents, render
from schemas.topics import TOPICS

DOCUMENTS = documents()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_is_published_is_what_the_code_says(path: str) -> None:
    assert (PUBLISHED / path).read_text(encoding="utf-8") == render(DOCUMENTS[path]), "run python -m schemas.publish"


def test_nothing_is_published_that_the_code_does_not_know() -> None:
    assert {str(path.relative_to(PUBLISHED)) for path in PUBLISHED.rglob("*.json")} == set(DOCUMENTS)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_reference_leads_somewhere(path: str) -> None:
    for reference in references(DOCUMENTS[path]):
        file, _, pointer = reference.partition("#")
        part: Any = DOCUMENTS[str(Path(file))] if file else DOCUMENTS[path]
        for name in filter(None, pointer.split("/")):
            part = part[name]
        assert isinstance(part, dict)


def test_every_topic_with_a_known_message_is_a_channel_under_its_own_name() -> None:
    channels = DOCUMENTS["asyncapi.json"]["channels"]
    assert all(name == channel["address"] and name in TOPICS for name, channel in channels.items())
    assert {name for name, topic in TOPICS.items() if topic.kind == "input"} <= set(channels)


def test_every_example_fits_its_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, which is not in the lock file")
    for path in sorted((PUBLISHED.parent / "examples").glob("*/taken.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            if not case.get("headers") and "specversion" not in case["value"]:
                jsonschema.validate(case["value"], DOCUMENTS[f"events/{case['kind']}.json"])
