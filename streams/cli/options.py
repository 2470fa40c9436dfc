"""How a command gets its settings: each of them is a flag of every command that needs any (interface)."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from streams.settings import FILE, PREFIX, Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., None])
WHERE = f"flags of every command that needs any, {PREFIX}… in the environment, or lines of {FILE}"


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a command whose first parameter is the `Settings`; the others are its own arguments and options."""

    def register(function: Command) -> Command:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        settings = [parameter for parameter in _flags() if parameter.name not in {each.name for each in own}]

        def run(**given: Any) -> None:
            flags = {each.name: given.pop(each.name) for each in settings}
            function(read_settings(flags), **given)

        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in [*own, *settings]]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = _unwrapped(function.__doc__ or "")
        app.command(name, epilog=_named(settings))(run)
        return function

    return register


def _unwrapped(text: str) -> str:
    """Each paragraph in one line: the terminal wraps it."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def explained() -> str:
    """Every setting with what it means, a paragraph each: told once, by the help of `fivenines` itself."""
    told = (f"  {_flag(name)} {_metavar(name)}  {_meaning(name)}" for name in Settings.model_fields)
    return "\n\n".join([f"Settings are {WHERE}:", *told])


def _named(settings: list[inspect.Parameter]) -> str:
    """The settings of a command by name, below the options that are its own."""
    flags = " ".join(_flag(each.name) for each in settings)
    return f"Settings ({WHERE}; `fivenines --help` says what each is):\n\n{flags}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _metavar(name: str) -> str:
    return name.rsplit("_", 1)[-1].upper()


def _meaning(name: str) -> str:
    field = Settings.model_fields[name]
    default = "" if field.default is None or field.default_factory else f" (default {field.default})"
    return f"{field.description}{default}"


def _flags() -> list[inspect.Parameter]:
    flags = []
    for name in Settings.model_fields:
        option = typer.Option(_flag(name), help=_meaning(name), metavar=_metavar(name), show_default=False, hidden=True)
        flags.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
            )
        )
    return flags
