"""A msgspec Struct with the fields of a published contract: the same rules, decoded ten times as fast."""

from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from schemas.events.event import Event, Message, is_instant


def struct_of(
    name: str, model: type[Message], asks: type[Event], *, is_kept: bool = False, forbid_unknown_fields: bool = True
) -> Any:
    """The Struct of a model, with the properties of `asks`.

    Its instants are decoded as text, for msgspec would round where we floor: whoever decodes puts the milliseconds in
    their place. It is mutable for that alone.

    `is_kept`: it can be saved as it then is, and decoded again; and it has the `source` that named the event, which is
    no field of a message.
    """
    instant: Any = str | int if is_kept else str
    hints = get_type_hints(model, include_extras=True)
    return msgspec.defstruct(
        name,
        [
            (
                field,
                _instead_of_instant(hints[field], instant),
                msgspec.NODEFAULT if info.is_required() else info.default,
            )
            for field, info in model.model_fields.items()
        ]
        + ([("source", str, model.TOPIC)] if is_kept else []),
        bases=(asks, msgspec.Struct),
        namespace={"MODEL": model, "__doc__": model.__doc__},
        module=model.__module__,
        kw_only=True,
        gc=False,  # texts and numbers form no cycles
        omit_defaults=True,  # where one is saved
        forbid_unknown_fields=forbid_unknown_fields,
    )


def _instead_of_instant(hint: Any, instant: Any) -> Any:
    if not is_instant(hint):
        return hint
    optional = type(None) in get_args(hint) and get_origin(hint) is not None
    return instant | None if optional else instant
