"""Every command is documented: what it does, each of its options, and its place in the README."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from streams.cli.main import app
from streams.settings import Settings
from tests.cli.conftest import Fivenines

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for part in group.list_commands(None):
        command = group.get_command(None, part)
        full = f"{name} {part}".strip()
        if hasattr(command, "list_commands"):
            yield from commands(command, full)
        else:
            yield full, command


COMMANDS = dict(commands(typer.main.get_command(app)))


def in_readme() -> set[str]:
    """The commands that README's list shows, with ``a | b`` taken apart."""
    shown = set()
    for line in README.splitlines():
        words = re.match(r" {4}fivenines ([a-z |]+)", line)
        if words:
            shown |= {alternative.strip() for alternative in words[1].split("  ")[0].split("|")}
    return shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_says_what_it_does_and_what_its_options_mean(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    undocumented = [parameter.name for parameter in command.params if not getattr(parameter, "help", None)]
    assert undocumented == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_stands_in_the_readme(name: str) -> None:
    assert any(shown == name or shown.startswith(f"{name} ") for shown in in_readme()), sorted(in_readme())


def test_help_is_there_everywhere(fivenines: Fivenines) -> None:
    for name in ("", "terms", "import", *COMMANDS):
        ended = fivenines(*name.split(), "--help")
        assert (ended.status, ended.err) == (0, ""), name
        assert "Usage: fivenines" in ended.out


def test_a_command_with_settings_has_every_setting_as_a_flag() -> None:
    flags = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    for name in ("replay", "up", "demo", "publish", "doctor", "topics", "migrate", "intake", "worker", "simulate"):
        options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert options >= flags, name


def test_an_unknown_command_is_said_in_one_line(fivenines: Fivenines) -> None:
    ended = fivenines("reply")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "fivenines: No such command 'reply'. Did you mean 'replay'?\n"


def test_help_tells_a_command_s_own_options_and_only_names_the_settings(fivenines: Fivenines) -> None:
    flags = [f"--{name.replace('_', '-')}" for name in Settings.model_fields]
    for name in ("replay", "explain", "statement", "annotate list", "doctor"):
        told = fivenines(*name.split(), "--help").out
        own, _, settings = told.partition("Settings (")
        assert set(flags) <= set(settings.split()), name
        assert not set(flags) & set(re.findall(r"│[ *]+(--[a-z-]+)", own)), name
        assert len(settings.splitlines()) < 10, name


def test_what_each_setting_means_is_told_once_by_fivenines_itself(fivenines: Fivenines) -> None:
    told = " ".join(fivenines("--help").out.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')} " in told
        assert " ".join(str(field.description).split()) in told
