"""Whether a platform is well: what runs, how far it has come, what was refused, and what to do where it is not well."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from infra.jars import KAFKA_VERSION
from schemas.derivation import DAY_MS, SECOND_MS, Derivation
from schemas.facts import BillingCredit
from schemas.terms.book import Book, check, read_book, skew_problems
from schemas.topics import TOPICS
from schemas.wire.reasons import REASONS
from streams import topics
from streams.archive import migrate
from streams.archive.readers import table_of
from streams.archive.wait import caught_up
from streams.engine import Fold
from streams.folds.chain import BETWEEN_FOLDS, DESK, FOLDS
from streams.following import READ_BY_CLICKHOUSE, READERS, Following

SILENT_S = 120
_SAYING = tuple(fold for fold in (*FOLDS, *DESK) if fold.fact not in (*BETWEEN_FOLDS, BillingCredit))
"""Those whose facts are said anew when something else follows; an entry of the ledger stays as it was written."""
RETIRED_AFTER_MS = DAY_MS
"""A collector that was not heard for so long has gone, and is no longer asked after."""
BEHIND = 10_000
"""Messages that a reader may be behind without being ill."""
FREE_BYTES = 2 << 30


@dataclass(frozen=True)
class Finding:
    """One line. `remedy` says what to do, and is empty where all is well; `broken` tells a fault from what people
    should know although the platform itself is well."""

    what: str
    found: str
    remedy: str = ""
    broken: bool = True


def versions(client: Client | None) -> Iterator[Finding]:
    served = client.server_version if client else "not asked"
    yield Finding(
        "versions",
        f"{version('fivenines')}, Python {python_version()}, embedded Kafka {KAFKA_VERSION}, ClickHouse {served}",
    )


def terms(folder: Path | None, derivation: Derivation) -> Iterator[Finding]:
    problems = check(folder)
    if not problems:
        book = read_book(folder)
        problems = skew_problems(book, derivation.max_clock_skew_s)
    if problems:
        yield Finding("terms", problems[0], "see `fivenines terms check`")
    else:
        yield Finding("terms", ", ".join(f"{file.series} {file.reference}" for file in book.files))


def disk(data: Path) -> Iterator[Finding]:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    held = sum(map(_on_disk, data.rglob("*"))) if data.exists() else 0
    remedy = "" if free > FREE_BYTES else "make room: Kafka and ClickHouse stop when the disk is full"
    yield Finding("disk", f"{held / 2**20:,.0f} MiB in {data}, {free / 2**30:,.1f} GiB free", remedy)


def _on_disk(file: Path) -> int:
    """The bytes that a file takes, which are less than its size where it has holes, as Kafka's indexes have."""
    try:
        status = file.stat()
    except FileNotFoundError:  # removed meanwhile
        return 0
    return status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size


def kafka_topics(kafka: Mapping[str, str], derivation: Derivation, partitions: int) -> Iterator[Finding]:
    options = dict(kafka)
    bootstrap = options.pop("bootstrap.servers")
    yield Finding("Kafka", f"answers at {bootstrap}")
    present = AdminClient({**topics.QUIET, **kafka}).list_topics(timeout=10).topics
    missing = [name for name in TOPICS if name not in present]
    if missing:
        yield Finding("topics", f"missing: {', '.join(missing)}", "create them: `fivenines topics`")
    there = [topic for name, topic in TOPICS.items() if name in present]
    compared = topics.create(bootstrap, derivation, partitions=partitions, options=options, topics=there)
    for difference in compared.differences:
        yield Finding("topics", difference, "alter it with Kafka's own tools, or the platform's setting")
    if not missing and not compared.differences:
        yield Finding("topics", f"{len(there)}, as the catalogue says")


def tables(client: Client) -> Iterator[Finding]:
    yield Finding("ClickHouse", f"answers, database {client.database}")
    differences = migrate.drift(client)
    for difference in differences:
        yield Finding("tables", difference, "`fivenines migrate`; what was altered by hand, put right by hand")
    if not differences:
        yield Finding("tables", "as declared")


def readers(kafka: Mapping[str, str], client: Client | None) -> Iterator[Finding]:
    """Whether those that read Kafka run, and how far they are behind."""
    members = _members(kafka, *(group for group, _ in READERS.values()))
    with Following(kafka) as following:
        for name, (group, read) in READERS.items():
            behind = sum(following.lag(group, topic) for topic in read)
            if not members[group]:
                yield Finding(
                    name, f"does not run; {behind:,} messages wait", f"start it: `fivenines {name}`, or `fivenines up`"
                )
                continue
            remedy = "" if behind < BEHIND else f"start more of them: `fivenines {name}`"
            yield Finding(name, f"{members[group]} running, {behind:,} messages behind", remedy)
        if dirty := following.dirty():
            yield Finding(
                "repair",
                f"{dirty:,} locations wait, of which something came late",
                "until then an audit differs there; intake repairs one after the other while ClickHouse answers",
                broken=False,
            )
        if client is None:
            return
        try:
            for topic in READ_BY_CLICKHOUSE:
                caught_up(client, topic, following.ends(topic), 1.0, kafka=kafka)
        except TimeoutError as error:
            yield Finding("ClickHouse reads", str(error), "normal under load; else see its log in the data folder")
        else:
            yield Finding("ClickHouse reads", "caught up")


def _members(kafka: Mapping[str, str], *groups: str) -> dict[str, int]:
    """How many processes Kafka knows in each group."""
    found = dict.fromkeys(groups, 0)
    admin = AdminClient({**topics.QUIET, **kafka})  # held while it works: without it no answer ever comes
    for group, described in admin.describe_consumer_groups([*groups], request_timeout=10).items():
        try:
            found[group] = len(described.result().members)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise
    return found


def heard(client: Client) -> Iterator[Finding]:
    """The stream's time, and how old it is by the wall clock, which ClickHouse tells."""
    query = """
        SELECT count(), toString(min(through)), intDiv(max(age_ms), 1000), intDiv(max(silent_ms), 1000)
        FROM freshness WHERE topic = 'device-heartbeats'"""
    partitions, through, age_s, silent_s = client.query(query).result_rows[0]
    if not partitions:
        yield Finding(
            "last event", "none yet", "send some: `fivenines publish FILE`, `fivenines simulate`", broken=False
        )
        return
    remedy = "" if silent_s < SILENT_S else "see that the collectors send their ticks, and that intake runs"
    yield Finding("last event", f"{silent_s:,} s ago; stream time {through} UTC, {age_s:,} s old", remedy)


def blind(client: Client, derivation: Derivation) -> Iterator[Finding]:
    """Which collectors do not listen, by the newest tick of all. The platform itself is well without them."""
    query = """
        SELECT collector_id, toString(max(occurred_at)),
            dateDiff('millisecond', max(occurred_at), (SELECT max(occurred_at) FROM ticks_accepted)) AS silent_ms
        FROM ticks_accepted GROUP BY collector_id ORDER BY collector_id"""
    rows = client.query(query).result_rows
    silent = [row for row in rows if row[2] > derivation.blind_after_ms]
    deaf = [row for row in silent if row[2] <= RETIRED_AFTER_MS]
    for collector_id, since, ms in deaf:
        found = f"{collector_id} since {since} UTC ({ms // SECOND_MS:,} s)"
        yield Finding("blind", found, "see that it listens: what its devices are meanwhile is unknown", broken=False)
    if rows:
        retired = len(silent) - len(deaf)
        gone = f", {retired} not heard for more than a day" if retired else ""
        yield Finding("collectors", f"{len(rows) - len(silent)} listening{gone}")


def refused(client: Client) -> Iterator[Finding]:
    query = """
        SELECT reason, count(), toString(max(_timestamp)) FROM dead_letters FINAL
        GROUP BY reason ORDER BY count() DESC"""
    rows = client.query(query).result_rows
    for reason, count, last in rows:
        remedy = REASONS[reason].remedy if reason in REASONS else "see the table dead_letters"
        yield Finding("dead letters", f"{count:,} {reason}, the last at {last} UTC", remedy, broken=False)
    if not rows:
        yield Finding("dead letters", "none")
    unreadable = client.query("SELECT count() FROM unreadable FINAL").result_rows[0][0]
    if unreadable:
        yield Finding("unreadable", f"{unreadable:,} messages that ClickHouse cannot read", "see the table unreadable")


def derived(client: Client, folder: Path | None, derivation: Derivation) -> Iterator[Finding]:
    """Whether what is published and not final was derived by the folds, terms and settings of now."""
    book = read_book(folder)
    counts = (client.query(_derived_otherwise(fold, book, derivation)).result_rows[0][0] for fold in _SAYING)
    others = sum(counts)
    remedy = "`fivenines reconcile` shows what would change, and publishes it with its reason" if others else ""
    found = f"{others:,} facts by other folds, terms or settings" if others else "by these folds, terms and settings"
    yield Finding("derived", found, remedy, broken=False)


def _derived_otherwise(fold: type[Fold], book: Book, derivation: Derivation) -> str:
    settings = derivation.model_dump(exclude={"hot_hours"}).items()
    files = ", ".join(f"'{file.reference}'" for file in book.files)
    others = [f"fold_version != {fold.version}", f"terms NOT IN ({files})"]
    others += [f"(JSONHas(settings, '{at}') AND JSONExtractInt(settings, '{at}') != {value})" for at, value in settings]
    days = derivation.correction_horizon_days + 31
    ends = {
        "final_at": "final_at",
        "to": f"`to` + toIntervalDay({days})",
        "ended_at": f"ended_at + toIntervalDay({days})",
    }
    final_at = next((end for name, end in ends.items() if name in fold.fact.__struct_encode_fields__), "NULL")
    current = f"{table_of(fold.fact.TOPIC)}_current"
    return f"SELECT count() FROM {current} WHERE ({' OR '.join(others)}) AND ifNull({final_at} > now(), true)"  # noqa: S608 -- ours


def guarded(what: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """A check that cannot be made is a finding, too: the others go on."""
    try:
        yield from findings
    except KafkaException as error:
        yield Finding(what, f"cannot be checked: {error.args[0].str()}", "see that Kafka runs")
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is what the operator asked about
        yield Finding(what, f"cannot be checked: {' '.join(str(error).split())[:300]}", "put that right first")
