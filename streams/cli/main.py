"""The commands, and how each ends: in one clear line where it cannot do what was asked."""

import os
import sys
from collections.abc import Sequence

import typer

from infra.supervised import ServerError
from schemas.terms.files import TermsError
from streams.archive.migrate import MigrationError
from streams.audit.sources import UnreadableError
from streams.cli import audit, demo, doctor, imports, processes, publish, replay, setup, simulate, terms, up
from streams.cli.errors import CommandError
from streams.settings import SettingsError

WRONG = 2
INTERRUPTED = 130
BROKEN_PIPE = 141

app = typer.Typer(
    name="fivenines",
    help="From a heartbeat to what the contract owes: states, outages, availability and credits.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
for part in (up, demo, simulate, publish, replay, audit, doctor, setup, processes):
    app.registered_commands += part.app.registered_commands
app.add_typer(terms.app, name="terms")
app.add_typer(imports.app, name="import")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    try:
        status = app(arguments, standalone_mode=False, prog_name="fivenines")
        sys.stdout.flush()
    except typer.TyperException as error:
        return _say(error.format_message())
    except (CommandError, SettingsError, UnreadableError, ServerError, MigrationError) as error:
        return _say(str(error))
    except TermsError as error:
        return _say("\n".join(error.problems))
    except BrokenPipeError:  # the reader of our output has seen enough
        _say_no_more()
        return BROKEN_PIPE
    except OSError as error:  # a full disk, say
        _say_no_more()
        return _say(f"{error.filename or 'the output'}: {error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("fivenines: interrupted\n")
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def _say_no_more() -> None:
    """What is still to be written would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> int:
    for line in message.splitlines():
        sys.stderr.write(f"fivenines: {line}\n")
    return WRONG
