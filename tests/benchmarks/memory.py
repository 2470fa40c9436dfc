"""What a million devices cost intake: memory while it runs, the peak of a restart, and how soon it is there again."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas.topics import INTAKE_STATE, murmur2_partition
from tests.benchmarks import intake, topic
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.load import Message, text
from tests.benchmarks.stage import Stage, wait_until

PARTITIONS = 8
DEVICES = 1_000_000
DEVICES_PER_LOCATION = 2
SAMPLES = 20
INTERVAL_S = 60
COLLECTORS = 5
TICK_S = 10
GAP_OF = 100
"""One device in so many has a gap: it misses five samples, and its hold runs out."""
GAP = range(9, 14)
GIB = 1024
WITHIN_S = 1_800
SAVED_WITHIN_S = 120
QUIET_S = 7
"""Longer than from one save to the next."""
LATER = 5_000
"""Messages that arrive while intake is away: it has caught up when it has read them."""


def memory(stage: Stage) -> Iterator[Figure]:
    devices = 4_000 if stage.small else DEVICES
    with ExitStack() as held:
        bootstrap = held.enter_context(stage.kafka(PARTITIONS))
        folder = held.enter_context(stage.folder())
        start = topic.broker_clock(bootstrap) - (SAMPLES + 5) * INTERVAL_S * 1000
        stage.say(f"producing {devices * SAMPLES:,} heartbeats of {devices:,} devices")
        total = topic.produce(bootstrap, messages(start, devices, range(SAMPLES)))
        with intake.running(bootstrap, folder / "first.log") as process:
            run = intake.follow(process, total, WITHIN_S)
            stage.say(f"{number(run.rate)} a second; waiting until everything is saved")
            _wait_for_saves(process)
            steady, peak = process.rss_mib, process.peak_rss_mib
            process.kill()
        later = topic.produce(bootstrap, messages(start, min(devices, LATER), range(SAMPLES, SAMPLES + 1)))
        restart = _restart(bootstrap, folder / "second.log", later)
        records = sum(topic.ends(bootstrap, INTAKE_STATE).values())
    details = {"devices": devices, "rate": run.rate, "seconds": run.seconds, "peak_mib": peak, "state_records": records}
    note = f"{devices:,} devices × {SAMPLES}, peak {number(peak)} MiB"
    yield Figure(
        name="memory of intake", value=steady / GIB, unit="GiB", target=1.0, better="less", note=note, details=details
    )
    yield Figure(
        name="peak of a restart",
        value=restart.peak_mib / GIB,
        unit="GiB",
        target=2.0,
        better="less",
        note=f"{number(restart.steady_mib)} MiB afterwards",
        details=asdict(restart),
    )
    yield Figure(
        name="caught up after a restart",
        value=restart.seconds,
        unit="s",
        target=60.0,
        better="less",
        note="from kill -9 and a new process to the end of the input",
        details=asdict(restart),
    )


@dataclass(frozen=True)
class _Restart:
    seconds: float
    peak_mib: float
    steady_mib: float
    read_again: int
    """Messages that had been read before the crash."""


def _restart(bootstrap: str, log: Path, later: int) -> _Restart:
    """From the start of the process until nothing is left to read, of all partitions."""
    started = time.monotonic()
    with intake.running(bootstrap, log) as process:
        wait_until(lambda: _is_caught_up(process, later), WITHIN_S, what="catching up")
        seconds = time.monotonic() - started
        return _Restart(seconds, process.peak_rss_mib, process.rss_mib, process.processed() - later)


def _is_caught_up(process: intake.Intake, later: int) -> bool:
    lag = process.figures().get("lag_messages", {})
    return len(lag) == PARTITIONS and not any(lag.values()) and process.processed() >= later


def _wait_for_saves(process: intake.Intake) -> None:
    """Until nothing is left to save."""
    deadline = time.monotonic() + SAVED_WITHIN_S
    before, sent = -1.0, 0.0
    while before != sent and time.monotonic() < deadline:
        time.sleep(QUIET_S)
        label = f'topic="{INTAKE_STATE}"'
        before, sent = sent, process.figures().get("sent_messages", {}).get(label, 0.0)


def messages(start: int, devices: int, rounds: range) -> Iterator[Message]:
    """So many rounds of a fleet, each device once a minute, and its collectors' ticks. Instants in ms."""
    keys = [f"location-{number:06}".encode() for number in range(-(-devices // DEVICES_PER_LOCATION))]
    partitions = [murmur2_partition(key, PARTITIONS) for key in keys]
    step = TICK_S * 1000 // COLLECTORS
    next_tick, turn = start + rounds.start * INTERVAL_S * 1000, 0
    tail = [f'","interval_s":{INTERVAL_S},"collector_id":"collector-{each}"}}' for each in range(COLLECTORS)]
    for sample in rounds:
        for device in range(devices):
            now = start + (sample * 1000 + device * 1000 // devices) * INTERVAL_S
            while now >= next_tick:
                value = f'{{"id":"t","collector_id":"collector-{turn % COLLECTORS}","occurred_at":"{text(next_tick)}"}}'
                yield from (Message(partition, None, value.encode()) for partition in range(PARTITIONS))
                next_tick += step
                turn += 1
            if sample in GAP and not device % GAP_OF:
                continue
            place = device // DEVICES_PER_LOCATION
            value = (
                f'{{"id":"{device}-{sample}","device_id":"device-{device:07}","location_id":"location-{place:06}",'
                f'"occurred_at":"{text(now)}{tail[device % COLLECTORS]}'
            )
            yield Message(partitions[place], keys[place], value.encode())
