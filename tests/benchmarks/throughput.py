"""Intake, everything on, beside a bare loop and beside other stream processors, over the same messages."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from schemas.derivation import Derivation
from schemas.terms.book import read_book
from streams.audit import oracle
from streams.audit.replay import Replay
from streams.intake.session import BATCH, FETCHING
from tests.benchmarks import intake, topic
from tests.benchmarks.archive import read
from tests.benchmarks.figures import Figure, number
from tests.benchmarks.load import Load
from tests.benchmarks.peers import environment
from tests.benchmarks.stage import BUILD, ROOT, Stage, contend, median_ratio, ours

PEERS = BUILD / "peers"
AS_INTAKE = [f"{name.replace('_', '.')}={value}" for name, value in FETCHING.items()]
PARTITIONS = 8
WITHIN_S = 600

TARGETS: dict[str, float | None] = {
    "bare": 0.5,
    "bare, librdkafka's defaults": None,
    "quixstreams": 5.0,
    "faust": 30.0,
    "kafka-streams": 2.5,
}
MEANING = {
    "bare": "consumes and decodes only, with intake's settings",
    "bare, librdkafka's defaults": "the same, but rests for a second when 100 000 messages wait",
    "quixstreams": "keyed state",
    "faust": "an agent that does nothing",
    "kafka-streams": "keyed, RocksDB and changelog",
}
MESSAGES = {"quixstreams": 400_000, "faust": 80_000}
"""Slow peers get the beginning of the load: their rate does not depend on how much follows."""


def throughput(stage: Stage) -> Iterator[Figure]:
    with ExitStack() as held:
        bootstrap = held.enter_context(stage.kafka(PARTITIONS))
        folder = held.enter_context(stage.folder())
        load = stage.loaded(bootstrap)
        total = load.counts["messages"]
        commands, missing = _commands(bootstrap, total, small=stage.small)
        runs: list[intake.Run] = []
        peers: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
        for turn in range(stage.rounds):
            runs.append(_ours(stage, bootstrap, folder, total))
            for name, command in commands.items():
                scratch = folder / f"{name}-{turn}"
                scratch.mkdir()
                cwd = ROOT if name.startswith("bare") else scratch
                peers[name].append(result := contend(command(scratch), cwd))
                stage.say(f"{name}: {number(result['rate'])} a second")
        replayed = _replayed(stage, bootstrap)
        in_sql = _derived_in_sql(stage, bootstrap)
    yield from _speed(load, runs)
    yield from _equality(replayed, in_sql)
    yield from _ratios(runs, peers, missing)


def _commands(
    bootstrap: str, total: int, *, small: bool
) -> tuple[dict[str, Callable[[Path], list[str]]], dict[str, str]]:
    """How to run each peer in a folder, and which cannot be had, with the reason."""
    commands: dict[str, Callable[[Path], list[str]]] = {
        "bare": lambda _: ours("bare", bootstrap, topic.HEARTBEATS, total, BATCH, *AS_INTAKE),
        "bare, librdkafka's defaults": lambda _: ours("bare", bootstrap, topic.HEARTBEATS, total, BATCH),
    }
    if small:
        return commands, dict.fromkeys(TARGETS.keys() - commands.keys(), "left out of a small run")
    missing: dict[str, str] = {}
    try:
        python = str(environment.python(PEERS))
        for name, script in (("quixstreams", "quix.py"), ("faust", "faust_agent.py")):
            arguments = [bootstrap, topic.HEARTBEATS, str(min(MESSAGES[name], total))]
            start = [python, str(environment.HERE / script), *arguments]
            commands[name] = lambda folder, start=start: [*start, str(folder)]  # type: ignore[misc]
    except environment.PeerMissingError as error:
        missing |= {"quixstreams": str(error), "faust": str(error)}
    try:
        java = [*environment.streams_command(PEERS), bootstrap, topic.HEARTBEATS, str(total)]
        commands["kafka-streams"] = lambda folder: [*java, str(folder)]
    except environment.PeerMissingError as error:
        missing["kafka-streams"] = str(error)
    return commands, missing


def _ours(stage: Stage, bootstrap: str, folder: Path, total: int) -> intake.Run:
    topic.forget_outputs(bootstrap, PARTITIONS)
    with intake.running(bootstrap, folder / "intake.log") as process:
        run = intake.follow(process, total, WITHIN_S)
        process.stop()
    stage.say(f"intake: {number(run.rate)} a second, oldest save {run.oldest_save_s:.1f} s")
    return run


def _replayed(stage: Stage, bootstrap: str) -> dict[str, Any]:
    """What intake published beside what a replay of the same messages derives: facts, and where they differ."""
    stage.say("replaying the same messages, to compare what was published")
    published = topic.published(bootstrap)
    replay = Replay(read_book(None), Derivation(), partitions=PARTITIONS)
    replay.read(topic.lines(bootstrap))
    derived: topic.CURRENT = {
        (fact.TOPIC, fact.identity): fact.current()
        for fact in replay.facts()
        if isinstance(fact, topic.FACTS) and not fact.retracted
    }
    places = published.keys() | derived.keys()
    differing = sorted((place for place in places if published.get(place) != derived.get(place)), key=str)
    examples = [{"published": published.get(place), "derived": derived.get(place)} for place in differing[:5]]
    return {"facts": topic.by_kind(derived), "differing": len(differing), "examples": examples}


def _derived_in_sql(stage: Stage, bootstrap: str) -> list[oracle.Difference]:
    """Where what intake published differs from what SQL derives of the archive, both as ClickHouse read them."""
    stage.say("deriving the same in SQL, to compare what was published")
    with stage.clickhouse() as clickhouse:
        read(clickhouse, bootstrap, topic.HEARTBEATS, *(fact.TOPIC for fact in topic.FACTS))
        return list(oracle.compare(clickhouse.client, read_book(None), Derivation(), partitions=PARTITIONS))


def _speed(load: Load, runs: list[intake.Run]) -> Iterator[Figure]:
    each_us = median(run.cpu_seconds / run.messages for run in runs) * 1e6
    yield Figure(
        name="intake, everything on",
        value=median(run.rate for run in runs),
        unit="/s",
        note=f"{load.counts['messages']:,} messages, {each_us:.1f} µs of processor time each",
        details={"load": dict(load.counts), "runs": [asdict(run) | {"rate": run.rate} for run in runs]},
    )
    yield Figure(
        name="intake: oldest save",
        value=max(run.oldest_save_s for run in runs),
        unit="s",
        target=5.0,
        better="less",
        note="of any partition, at any time",
    )


def _equality(replayed: dict[str, Any], in_sql: list[oracle.Difference]) -> Iterator[Figure]:
    facts = sum(replayed["facts"].values())
    yield Figure(
        name="intake: facts other than a replay's",
        value=replayed["differing"],
        unit="",
        target=0,
        better="less",
        note=f"of {facts:,}",
        details=replayed,
    )
    yield Figure(
        name="intake: facts other than the oracle's",
        value=len(in_sql),
        unit="",
        target=0,
        better="less",
        note=f"of {facts:,}",
        details={"examples": [str(each) for each in in_sql[:5]]},
    )


def _ratios(
    runs: list[intake.Run], peers: dict[str, list[dict[str, Any]]], missing: dict[str, str]
) -> Iterator[Figure]:
    rates = [run.rate for run in runs]
    for name, target in TARGETS.items():
        title = f"intake ÷ {name}"
        if name not in peers:
            yield Figure(name=title, value=None, unit="×", target=target, note=missing[name])
            continue
        theirs = [run["rate"] for run in peers[name]]
        cpu = median_ratio(
            [run.messages / run.cpu_seconds for run in runs],
            [run["messages"] / run["cpu_seconds"] for run in peers[name]],
        )
        yield Figure(
            name=title,
            value=median_ratio(rates, theirs),
            unit="×",
            target=target,
            note=f"{MEANING[name]}: {number(median(theirs))}/s; by processor time {cpu:.2f} ×",
            details={"runs": peers[name]},
        )
