"""Progress of long work: on a terminal only, and never mixed into the output."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from streams.visible import visible

Thing = TypeVar("Thing")


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar that grows with each call, which says how many more are done; the total may be a guess."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)


def steps(console: Console) -> Callable[[str], None]:
    """Says each step of what takes long as it begins: a line, and below it what a log says, if that is part of it."""

    def say(step: str) -> None:
        lines = "\n".join(map(visible, step.splitlines()))
        console.print(f"· {lines}", style="dim", markup=False, soft_wrap=True)

    return say


def ticked_off(what: str, things: Iterable[Thing]) -> Iterable[Thing]:
    """The same things, counted while they pass; only on a terminal, so that it costs nothing elsewhere."""
    return _counted(what, things) if Console(stderr=True).is_terminal else things


def _counted(what: str, things: Iterable[Thing]) -> Iterator[Thing]:
    with counting(what) as count:
        for number, thing in enumerate(things, 1):
            if number % 10_000 == 0:
                count(10_000)
            yield thing
