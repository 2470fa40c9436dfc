"""What is wrong with a terms file, in words: the key, what is wrong, what is allowed."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.terms.fields import nearest

_LONGEST_SHOWN = 60
_PYDANTIC_SUBJECT = re.compile(r"^\w+ should")


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each thing that is wrong, in the order of the model."""
    return [f"{_key(one['loc'])}: {_words(one, model)}" for one in error.errors(include_url=False)]


def _words(error: Any, model: type[BaseModel]) -> str:
    place, value, context = error["loc"], error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            meaning = _table(place, model).model_fields[place[-1]].description
            return f"is missing: {meaning or 'a table of the terms'}"
        case "extra_forbidden":
            known = list(_table(place, model).model_fields)
            return f"is unknown{nearest(str(place[-1]), known) or '; allowed are ' + ', '.join(known)}"
        case "literal_error":
            allowed = context["expected"].lower()
            quoted = allowed.split("'")[1::2]
            return f"is {_shown(value)}: must be {allowed}{nearest(str(value), quoted)}"
        case "model_type":
            return f"is {_shown(value)}: must be a table"
        case "value_error" if isinstance(value, dict):
            return str(context["error"])
        case "value_error":
            return f"is {_shown(value)}: {context['error']}"
        case _:
            return f"is {_shown(value)}: {_PYDANTIC_SUBJECT.sub('must', error['msg'])}"


def _key(place: Sequence[str | int]) -> str:
    key = ""
    for step in place:
        key += f"[{step}]" if isinstance(step, int) else f".{step}"
    return key.removeprefix(".")


def _shown(value: object) -> str:
    """As the file has it, where Python would write it in another way."""
    text = str(value).lower() if isinstance(value, bool | date) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _table(place: Sequence[str | int], model: type[BaseModel]) -> type[BaseModel]:
    """The table that a key belongs to."""
    for step in place[:-1]:
        if isinstance(step, str):
            model = next(_models(model.model_fields[step].annotation))
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)
