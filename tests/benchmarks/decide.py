"""Decide with a hundred thousand locations of five months: its memory, a restart, and what it tells of outages while a
month closes.

The changelog is written directly (`months.py`), not freshly compacted: each location stands in it five times. Then the
fleet of `closing.py` reports through intake, and the time that it brings closes the month of every location.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from confluent_kafka import Producer

from schemas.topics import DECIDE_CHANGELOG
from tests.benchmarks import closing, intake, months
from tests.benchmarks.closing import Seen
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.latency import nearest_rank
from tests.benchmarks.stage import Stage, contend, ours, wait_until
from tests.benchmarks.worker import Worker

LOCATIONS = 100_000
LIVE = 2_000
"""Locations more, with a device that reports: those whose outages are told of."""
GIB = 1024
WITHIN_S = 600
PATIENCE_S = 60.0
QUEUED = 50_000


def decide(stage: Stage) -> Iterator[Figure]:
    locations, live = (3_000, 200) if stage.small else (LOCATIONS, LIVE)
    with stage.folder() as folder, stage.kafka_in(folder / "kafka", months.PARTITIONS) as bootstrap:
        stage.say(f"writing what decide keeps of {locations:,} locations, {months.WRITTEN} times")
        names = [*map(months.name, range(locations)), *map(closing.live, range(live))]
        registered = publish(bootstrap, months.registry(names))
        records = publish(bootstrap, months.changelog(locations, registered))
        size_mib = _size_mib(folder / "kafka", DECIDE_CHANGELOG)
        bare = contend(ours("changelog", bootstrap), folder)
        with Worker.running(bootstrap, folder / "first.log") as worker:
            first = _ready(worker, locations)
            wait_until(worker.is_idle, WITHIN_S, what="telling of those that never reported")
            worker.kill()
        stage.say(f"ready after {first.seconds:.1f} s; a bare loop took {bare['seconds']:.1f} s")
        with Worker.running(bootstrap, folder / "second.log") as worker:
            again = _ready(worker, locations)
            stage.say(f"ready after kill -9: {again.seconds:.1f} s")
            seen = _closing(stage, bootstrap, folder, worker, len(names), live)
            peak_mib = worker.peak_rss_mib
    yield Figure(
        name="memory of decide",
        value=peak_mib / GIB,
        unit="GiB",
        target=2.0,
        better="less",
        note=f"the peak, {locations:,} locations; {number(size_mib)} MiB of changelog, {records:,} records",
        details={"first start": asdict(first), "after kill -9": asdict(again), "changelog_mib": size_mib},
    )
    yield Figure(
        name="decide: ready after kill -9",
        value=again.seconds,
        unit="s",
        target=60.0,
        better="less",
        note=f"Kafka gives the dead one up after 30 s; {first.seconds:.1f} s where there is none",
    )
    yield Figure(
        name="decide: start ÷ bare",
        value=first.seconds / bare["seconds"],
        unit="×",
        better="less",
        note=f"bare: {number(bare['rate'])} records/s read and decoded, {bare['seconds']:.1f} s",
        details=bare,
    )
    yield from _figures(seen, locations)


def _closing(stage: Stage, bootstrap: str, folder: Path, worker: Worker, months_to_close: int, live: int) -> Seen:
    """May closes, and meanwhile devices go down."""
    with intake.running(bootstrap, folder / "intake.log") as listening:
        wait_until(lambda: listening.owns(months.PARTITIONS), WITHIN_S, what="intake's taking over")
        wait_until(worker.is_idle, WITHIN_S, what="the worker's work before the month closes")
        stage.say(f"intake was there after {listening.age_s:.1f} s; now the month closes")
        closed = worker.figure("closed_months") + months_to_close
        return closing.play(bootstrap, live, lambda: worker.figure("closed_months") >= closed, WITHIN_S)


def _figures(seen: Seen, locations: int) -> Iterator[Figure]:
    """Nothing is told while some were never seen."""
    took = seen.closed_within_ms / 1000
    for what, where in (("location-outages", seen.outages), ("availability", seen.months)):
        meanwhile, before = seen.delays_s(where)
        unseen = sum(each is None for each in (*meanwhile, *before))
        in_order, quiet = (sorted(each for each in those if each is not None) for those in (meanwhile, before))
        note = f"{unseen} were never seen"
        if in_order and quiet and not unseen:
            ratio = nearest_rank(in_order, 50) / nearest_rank(quiet, 50)
            note = (
                f"the most of {len(in_order)}, while {seen.closed:,} months closed in {took:.0f} s; median "
                f"{nearest_rank(in_order, 50):.2f} s, {ratio:.2f} × that of {len(quiet)} before"
            )
        yield Figure(
            name=f"down → {what} while {locations:,} months close",
            value=None if unseen or not in_order else in_order[-1],
            unit="s",
            target=5.0,
            better="less",
            note=note,
            failed=bool(unseen) or not in_order,
            details={"meanwhile_s": in_order, "before_s": quiet, "closed": seen.closed, "closing_s": took},
        )


@dataclass(frozen=True)
class _Ready:
    seconds: float
    peak_mib: float
    rss_mib: float
    cpu_seconds: float


def _ready(worker: Worker, locations: int) -> _Ready:
    """From the start of the process until it decides for all of them."""
    wait_until(lambda: worker.locations() >= locations, WITHIN_S, what="taking the partitions over")
    return _Ready(worker.age_s, worker.peak_rss_mib, worker.rss_mib, worker.cpu_seconds)


def publish(bootstrap: str, outs: Iterable[months.Out]) -> int:
    """How many there were."""
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": "lz4", "log_level": 3})
    sent = 0
    for out in outs:
        producer.produce(out.topic, out.value, out.key, out.partition)
        sent += 1
        while len(producer) > QUEUED:
            producer.poll(0.1)
    if producer.flush(PATIENCE_S):
        raise TimeoutError("Kafka did not take everything")
    return sent


def _size_mib(data: Path, name: str) -> float:
    return sum(file.stat().st_size for file in data.glob(f"**/{name}-*/*.log")) / 2**20
