"""Intake: heartbeats -> states, outages, proposals, progress and dead letters, until it is told to stop."""

import gc
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.derivation import Derivation
from schemas.events import RegistryRecord
from schemas.facts import DeadLetter, Progress
from schemas.terms.book import Book
from schemas.topics import INTAKE_STATE
from streams.intake.metrics import IntakeMetrics
from streams.intake.outbox import WATCHED
from streams.intake.repair import Archive
from streams.intake.saving import EVERY_S
from streams.intake.session import Options, Session
from streams.intake.share import TOPIC, Figures
from streams.kafka import Interrupted, Kafka, reason
from streams.metrics import served

AGAIN_AFTER_S = 1.0

KEYED = (TOPIC, *WATCHED, INTAKE_STATE)
"""The topics that must have the same number of partitions."""

log = structlog.get_logger("intake")


class TopicsMissing(Exception):  # noqa: N818 -- names what is wrong
    """The platform's topics are not there, or do not fit together; the message says what to do."""


def run(
    bootstrap: str,
    book: Book,
    derivation: Derivation,
    stop: threading.Event,
    *,
    kafka_options: Mapping[str, str] | None = None,
    metrics_port: int | None = None,
    session_timeout_s: float = 15.0,
    save_every_s: float = EVERY_S,
    archive: Archive | None = None,
) -> None:
    """Follow a share of the input, beside other processes that do the same, until `stop` is set; then save and return.

    A Kafka that is away is waited for. `archive` connects to ClickHouse; without it, what came too late for memory is
    counted and waits. Raises TopicsMissing, and whatever a message causes that the folds cannot take: the process must
    end then, because to pass over it would lose it, and nothing that follows may be saved before it.
    """
    kafka = Kafka(bootstrap, kafka_options or {})
    options = Options(book, derivation, session_timeout_s, save_every_s, archive)
    figures = Figures()
    metrics = IntakeMetrics(figures)
    with served(metrics, metrics_port), _collecting_rarely():
        while not stop.is_set():
            try:
                _check_topics(kafka)
                with Session(kafka, options, figures) as session:
                    metrics.followed, metrics.sent = session.followed, session.outbox.sent
                    session.follow(stop)
            except Interrupted as interrupted:
                log.warning("interrupted: going on from what was saved", reason=str(interrupted))
                stop.wait(AGAIN_AFTER_S)


def _check_topics(kafka: Kafka) -> None:
    """Raises Interrupted when Kafka does not answer, TopicsMissing when it does but is not set up."""
    try:
        topics = AdminClient(kafka.config()).list_topics(timeout=10.0).topics
    except KafkaException as error:
        raise Interrupted(f"Kafka at {kafka.bootstrap} does not answer: {reason(error.args[0])}") from error
    needed = (*KEYED, RegistryRecord.TOPIC, DeadLetter.TOPIC, Progress.TOPIC)
    missing = [name for name in needed if name not in topics]
    if missing:
        raise TopicsMissing(f"topics are missing: {', '.join(missing)}; create them with `fivenines topics`")
    counts = {name: len(topics[name].partitions) for name in KEYED}
    if len(set(counts.values())) > 1:
        raise TopicsMissing(f"topics must have the same number of partitions: {counts}")


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """A million locations are a million objects that live on: a full collection would stop the loop for seconds, and
    nothing here forms cycles but errors."""
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 50, 1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
