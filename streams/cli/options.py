"""How a command gets its settings: each of them is a flag of every command that needs any (interface)."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from streams.settings import FILE, PREFIX, Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., None])
PANEL = f"Settings (also {PREFIX}… in the environment, and {FILE})"


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
        app.command(name)(run)
        return function

    return register


def _unwrapped(text: str) -> str:
    """Each paragraph in one line: the terminal wraps it."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _flags() -> list[inspect.Parameter]:
    flags = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None or field.default_factory else f" (default {field.default})"
        option = typer.Option(
            f"--{name.replace('_', '-')}",
            help=f"{field.description}{default}",
            rich_help_panel=PANEL,
            metavar=name.rsplit("_", 1)[-1].upper(),
            show_default=False,
        )
        flags.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
            )
        )
    return flags
