"""What README shows of commands and their output is what they print."""

from pathlib import Path

from tests.cli.conftest import Fivenines

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def example() -> list[tuple[str, str]]:
    """Each command of the example with what README says that it prints, whose lines are broken to fit."""
    (block,) = (part for part in README.split("\n\n") if part.startswith("    $ "))
    shown = [line.strip() for line in block.splitlines()]
    starts = [place for place, line in enumerate(shown) if line.startswith("$ ")]
    ends = [*starts[1:], len(shown)]
    return [(shown[start][2:], "".join(shown[start + 1 : end])) for start, end in zip(starts, ends, strict=True)]


def test_the_example_prints_what_readme_says(fivenines: Fivenines) -> None:
    (name, *played), (_, *replayed) = (command.split() for command, _ in example())
    (_, written), (_, entry) = example()
    assert name == "fivenines"
    assert fivenines(*played) == (0, "", f"{written}\n")
    before, (pipe, grep, word) = replayed[:-3], replayed[-3:]
    assert (pipe, grep) == ("|", "grep")
    told = fivenines(*before)
    assert (told.status, told.err) == (0, "")
    assert [line for line in told.out.splitlines() if word in line] == [entry]


def test_the_example_is_short() -> None:
    (block,) = (part for part in README.split("\n\n") if part.startswith("    $ "))
    assert len(block.splitlines()) <= 10
