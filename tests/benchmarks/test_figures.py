"""What is told about a measurement."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks import figures
from tests.benchmarks.figures import Figure
from tests.benchmarks.latency import nearest_rank
from tests.benchmarks.machine import this_machine
from tests.benchmarks.stage import Stage, median_ratio


@pytest.mark.parametrize(
    ("value", "target", "better", "reached"),
    [
        (0.5, 0.5, "more", True),
        (0.49, 0.5, "more", False),
        (3.0, 3.0, "less", True),
        (3.1, 3.0, "less", False),
        (None, 3.0, "less", None),
        (7.0, None, "more", None),
    ],
)
def test_a_figure_that_was_not_measured_reaches_nothing_and_misses_nothing(
    value: float | None, target: float | None, better: str, reached: bool | None
) -> None:
    figure = Figure(name="a", value=value, unit="s", target=target, better=better)  # type: ignore[arg-type]
    assert figure.reached is reached


def test_a_ratio_is_the_median_of_runs_side_by_side() -> None:
    # 2/1, 3/6, 8/2 -> 2, 0.5, 4: the middle one is 2, whatever the medians of each side are.
    assert median_ratio([2, 3, 8], [1, 6, 2]) == 2


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_one_of_the_values(percent: int, expected: int) -> None:
    assert nearest_rank(range(1, 101), percent) == expected
    assert nearest_rank([7.0], percent) == 7.0


def test_what_is_written_says_what_was_measured_and_on_which_machine(tmp_path: Path) -> None:
    machine = this_machine()
    missed = Figure(name="memory", value=3.0, unit="GiB", target=2.0, better="less")
    unknown = Figure(name="peer", value=None, unit="×", target=5.0, note="it cannot be had")
    path = tmp_path / "a" / "results.json"
    figures.write([missed, unknown], machine, path, small=False)
    written = json.loads(path.read_text())
    assert written["machine"]["cores"] == machine.cores >= 1
    assert [(each["name"], each["reached"]) for each in written["figures"]] == [("memory", False), ("peer", None)]
    console = Console(record=True, width=120)
    figures.show([missed, unknown], machine, console)
    shown = console.export_text()
    assert "missed" in shown
    assert "it cannot be had" in shown


def test_a_figure_is_said_before_the_next_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def killed(_: Stage) -> Iterator[Figure]:
        yield Figure(name="first", value=1.5, unit="s", target=2.0, better="less", note="[of] a note")
        raise KeyboardInterrupt

    monkeypatch.setitem(benchmarks.BENCHMARKS, "demo", killed)
    monkeypatch.setattr(benchmarks.signal, "signal", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        benchmarks.main(["demo"])
    assert "first  1.5 s  ≤ 2 s  reached  [of] a note\n" in capsys.readouterr().out
