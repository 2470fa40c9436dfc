"""The commands, and how each ends: in one clear line where it cannot do what was asked."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from infra.supervised import ServerError
from schemas.terms.files import TermsError
from streams.audit.sources import UnreadableError
from streams.cli.errors import CommandError
from streams.cli.options import explained
from streams.cli.remarks import remark
from streams.settings import SettingsError
from streams.visible import visible

WRONG = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

MODULES = {
    "up": "up",
    "demo": "demo",
    "simulate": "simulate",
    "publish": "publish",
    "annotate": "annotate",
    "import": "imports",
    "replay": "replay",
    "statement": "statement",
    "audit": "audit",
    "reconcile": "reconcile",
    "explain": "explain",
    "doctor": "doctor",
    "topics": "setup",
    "migrate": "setup",
    "terms": "terms",
    "intake": "processes",
    "worker": "processes",
    "ledger": "processes",
}
"""Where each command is."""


class Cut(Exception):  # noqa: N818 -- no error
    """What ended a command that did nothing wrong, its cause: typer would make of that an exit status of its own."""


class Commands(TyperGroup):
    """A command's module is imported when it is asked for: a file is replayed without the clients of any server."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(MODULES, self)  # only the names count: what is misspelt is compared with them

    def list_commands(self, ctx: Any) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in MODULES:
            return None
        group = typer.main.get_group(import_module(f"streams.cli.{MODULES[cmd_name]}").app)
        group.name = cmd_name
        return group.commands.get(cmd_name, group)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, KeyboardInterrupt) as cause:
            raise Cut from cause


app = typer.Typer(
    name="fivenines",
    cls=Commands,
    help="From a heartbeat to what the contract owes: states, outages, availability and credits.",
    epilog=explained(),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


@app.callback()
def _fivenines() -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    if sys.stderr is None:  # closed, as the next may be: `2>&-`
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 -- for as long as the process lives
    if sys.stdout is None:
        sys.exit(_say("the standard output is closed"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what is printed is UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors=stream.errors)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    for given in sys.argv[1:] if arguments is None else arguments:
        try:
            given.encode()
        except UnicodeEncodeError:
            return _say(f"{given!a}: what is given must be UTF-8")
    try:
        status = app(arguments, standalone_mode=False, prog_name="fivenines")
        sys.stdout.flush()
    except typer.TyperException as error:
        return _say(error.format_message())
    except (CommandError, SettingsError, UnreadableError, ServerError) as error:
        return _say(str(error))
    except TermsError as error:
        return _say("\n".join(error.problems))
    except (Cut, BrokenPipeError, KeyboardInterrupt) as end:
        return _cut(end.__cause__ if isinstance(end, Cut) else end)
    except MemoryError:
        return _say("there is not enough memory for this")
    except OSError as error:  # a full disk, say
        _say_no_more()
        return _say(f"{error.filename or 'the output'}: {error.strerror or error}")
    return status if isinstance(status, int) else 0


def _cut(end: BaseException | None) -> int:
    if isinstance(end, KeyboardInterrupt):
        remark("interrupted")
        return INTERRUPTED
    _say_no_more()  # the reader of our output has seen enough
    return BROKEN_PIPE


def _say_no_more() -> None:
    """What is still to be written would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> int:
    for line in message.splitlines():
        remark(visible(line))
    return WRONG
