"""What is wrong with a terms file, in words: the key, what is wrong, what is allowed."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.terms.fields import nearest

_LONGEST_SHOWN = 60


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each thing that is wrong, in the order of the model."""
    return [f"{_key(one['loc'])}: {_words(one, model)}" for one in error.errors(include_url=False)]


def _words(error: Any, model: type[BaseModel]) -> str:
    place, kind, value, context = error["loc"], error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing; terms state every value"
    if kind == "extra_forbidden":
        known = _keys_beside(place, model)
        return f"is unknown{nearest(str(place[-1]), known) or '; allowed are ' + ', '.join(known)}"
    if kind == "literal_error":
        hint = nearest(value, _quoted(context["expected"])) if isinstance(value, str) else ""
        return f"is {_shown(value)}, must be {context['expected']}{hint}"
    if kind == "value_error":
        return str(context["error"]) if isinstance(value, dict | BaseModel) else f"{_shown(value)} {context['error']}"
    return f"is {_shown(value)}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _key(place: Sequence[str | int]) -> str:
    key = ""
    for step in place:
        key += f"[{step}]" if isinstance(step, int) else f".{step}"
    return key.removeprefix(".")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _quoted(expected: str) -> list[str]:
    return expected.split("'")[1::2]


def _keys_beside(place: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The keys allowed in the table that an unknown key stands in."""
    for step in place[:-1]:
        if isinstance(step, str) and step in model.model_fields:
            model = next(_models(model.model_fields[step].annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)
