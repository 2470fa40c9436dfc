"""`fivenines demo` from its start to its end, when everything is installed: what `make demo` runs."""

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage, command, fivenines


def demo(stage: Stage) -> Iterator[Figure]:
    runs = []
    for _ in range(stage.rounds):
        with stage.folder() as folder:
            runs.append(command(fivenines("demo"), {"FIVENINES_DATA": str(folder / "data")}))
        stage.say(f"demo: {runs[-1].seconds:.1f} s")
    yield Figure(
        name="make demo, when installed",
        value=median(run.seconds for run in runs),
        unit="s",
        target=90.0,
        better="less",
        note=f"of {len(runs)}, each on a fresh data folder",
        details={"seconds": [run.seconds for run in runs]},
    )
