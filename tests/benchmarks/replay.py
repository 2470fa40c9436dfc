"""The audit's replay of a file, beside a loop that only decodes it; what a long file costs in memory; and tickets."""

from collections.abc import Iterator
from random import Random
from statistics import median
from typing import Any

from schemas import times
from schemas.derivation import DAY_MS, HOUR_MS
from schemas.wire import encode_line
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.load import Load, Message
from tests.benchmarks.stage import Command, Stage, command, fivenines, median_ratio, ours

START = times.parse("2026-03-02T08:00:00Z")
LONG = 20_000_000
TICKETS = 100_000
GIB = 1024


def replay(stage: Stage) -> Iterator[Figure]:
    load = Load(start=START, heartbeats=20_000, devices=200) if stage.small else Load(start=START)
    with stage.folder() as folder:
        file = folder / "load.ndjson"
        stage.say(f"writing {load.heartbeats:,} heartbeats to a file")
        with file.open("wb") as output:
            output.writelines(lines(load))
        count = _count(load)
        runs: list[Command] = []
        decoded: list[Command] = []
        for _ in range(stage.rounds):
            runs.append(command(fivenines("replay", "--from", file, "--format", "ndjson")))
            decoded.append(command(ours("decode", file)))
            stage.say(f"replay {runs[-1].seconds:.1f} s, decoding alone {decoded[-1].seconds:.1f} s")
    rates, theirs = ([count / run.seconds for run in each] for each in (runs, decoded))
    yield Figure(
        name="replay from a file",
        value=median(rates),
        unit="/s",
        note=f"{count:,} lines, {runs[0].output.count(b'topic'):,} facts; with the start of the command",
        details={"seconds": [run.seconds for run in runs]},
    )
    yield Figure(
        name="replay ÷ decoding alone",
        value=median_ratio(rates, theirs),
        unit="×",
        target=1 / 3,
        note=f"{number(median(theirs))}/s; by processor time {_by_cpu(runs, decoded):.2f} ×",
        details={"seconds": [run.seconds for run in decoded]},
    )
    yield _memory(stage)
    yield _tickets(stage)


def _tickets(stage: Stage) -> Figure:
    """Tickets of a thousand accounts over eighty days: created, answered, closed."""
    count = 3 * (1_000 if stage.small else TICKETS)
    with stage.folder() as folder:
        file = folder / "tickets.ndjson"
        with file.open("wb") as output:
            output.writelines(_ticket_lines(count // 3))
        runs, decoded = [], []
        for _ in range(stage.rounds):
            runs.append(command(fivenines("replay", "--from", file, "--format", "ndjson")))
            decoded.append(command(ours("decode", file, "tickets")))
            stage.say(f"tickets: replay {runs[-1].seconds:.1f} s, decoding alone {decoded[-1].seconds:.1f} s")
    rates, theirs = ([count / run.seconds for run in each] for each in (runs, decoded))
    return Figure(
        name="replay of tickets ÷ decoding alone",
        value=median_ratio(rates, theirs),
        unit="×",
        target=1 / 10,
        note=f"{count:,} events at {number(median(rates))}/s; {number(median(theirs))}/s",
        details={"seconds": [run.seconds for run in runs], "decoding": [run.seconds for run in decoded]},
    )


def _ticket_lines(tickets: int) -> Iterator[bytes]:
    """In order of time."""
    chance, said = Random(1), []
    for place in range(tickets):
        at = START + chance.randrange(80 * DAY_MS)
        answered = at + chance.randrange(6 * HOUR_MS)
        asked = {"ticket_type": "incident", "priority": chance.choice(["urgent", "medium", "low"]), "channel": "web"}
        steps: list[tuple[int, str, dict[str, Any]]] = [
            (at, "created", {"actor": "customer", **asked}),
            (answered, "responded", {"actor": "agent", "is_public": True}),
            (answered + chance.randrange(6 * HOUR_MS), "closed", {"actor": "agent"}),
        ]
        for step, (when, event_type, fields) in enumerate(steps):
            written = times.render(when)
            value = {
                "id": f"T{place}.{step}",
                "ticket_id": f"T{place}",
                "account_id": f"acct-{place % 1000}",
                "occurred_at": written,
                "received_at": written,
                "event_type": event_type,
                **fields,
            }
            said.append((when, encode_line("tickets", f"acct-{place % 1000}", value)))
    return (line for _, line in sorted(said))


def _memory(stage: Stage) -> Figure:
    load = Load(start=START, heartbeats=400_000 if stage.small else LONG)
    with stage.folder() as folder:
        file = folder / "long.ndjson"
        stage.say(f"writing {load.heartbeats:,} heartbeats to a file")
        with file.open("wb") as output:
            output.writelines(lines(load))
        run = command(fivenines("replay", "--from", file, "--format", "ndjson"), watched=True)
    count = _count(load)
    return Figure(
        name="memory of a long replay",
        value=run.peak_mib / GIB,
        unit="GiB",
        target=2.0,
        better="less",
        note=f"{count:,} lines at {number(count / run.seconds)}/s",
        details={"lines": count, "seconds": run.seconds, "cpu_seconds": run.cpu_seconds},
    )


def _by_cpu(runs: list[Command], decoded: list[Command]) -> float:
    return median(other.cpu_seconds / one.cpu_seconds for one, other in zip(runs, decoded, strict=True))


def lines(load: Load) -> Iterator[bytes]:
    """The load in the platform's line format. A tick stands once: without a partition it reaches every one."""
    for message in load.messages():
        if message.key is None and message.partition:
            continue
        yield line(message)


def line(message: Message) -> bytes:
    key = b"null" if message.key is None else b'"%b"' % message.key
    headers = b""
    if message.headers:
        pairs = b",".join(b'"%b":"%b"' % (name.encode(), value) for name, value in message.headers)
        headers = b',"headers":{%b}' % pairs
    return b'{"topic":"device-heartbeats","key":%b,"value":%b%b}\n' % (key, message.value, headers)


def _count(load: Load) -> int:
    return load.counts["heartbeats"] + load.counts["ticks"] // load.partitions
