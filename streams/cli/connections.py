"""Which servers a command talks to: those of the settings, else those of the platform that runs on the data folder."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from infra import external
from infra.endpoints import ClickHouseServer, running
from infra.supervised import ServerError
from schemas.derivation import Derivation
from streams.cli.errors import CommandError
from streams.platform import connected
from streams.settings import Settings

TERMS: Final = frozenset({"terms"})
WHAT_IF: Final = TERMS | Derivation.model_fields.keys()
"""All that decides what is derived; how the topics are made is no matter of asking."""


def as_the_platform(settings: Settings, *, what_if: Collection[str] = ()) -> Settings:
    """The settings with which the platform that runs on the data folder derives: what was not given is taken from it,
    and what was given must be the same, but for those of which it is asked what would follow if they were others.

    Who names servers of their own has their own settings, too. Raises CommandError about what was given otherwise,
    ServerError where no platform runs.
    """
    if settings.kafka or settings.clickhouse:
        return settings
    given = settings.deciding
    has = {name: value for name, value in running(settings.data).settings.items() if name in given}
    fixed = (settings.model_fields_set & has.keys()) - {*what_if}
    others = [name for name in has if name in fixed and given[name] != has[name]]
    if others:
        differs = " and ".join(f"{name} {_said(has[name])}, not {_said(given[name])}" for name in others)
        flags = " ".join(_flag(name, has[name]) for name in others)
        raise CommandError(f"the platform on {settings.data} runs with {differs}: give {flags}")
    taken = {name: has[name] for name in has.keys() - settings.model_fields_set}
    return settings.model_copy(update={name: Path(it) if isinstance(it, str) else it for name, it in taken.items()})


def _said(value: object) -> str:
    return "of the package" if value is None else str(value)


def _flag(name: str, value: object) -> str:
    flag = f"--{name.replace('_', '-')}"
    return f"no {flag}" if value is None else f"{flag} {value}"


def kafka_of(settings: Settings) -> dict[str, str]:
    """librdkafka's options for a Kafka that answers. Raises ServerError."""
    if settings.kafka:
        config = {**settings.kafka_options, "bootstrap.servers": settings.kafka}
    else:
        config = dict(running(settings.data).kafka_config)
    external.check_kafka(config)
    return config


def clickhouse_of(settings: Settings) -> ClickHouseServer:
    """A ClickHouse that answers. Raises ServerError."""
    if settings.clickhouse:
        broker_list = settings.kafka or dict(running(settings.data).kafka_config)["bootstrap.servers"]
        server = external.clickhouse_from(settings.clickhouse, broker_list)
    else:
        server = running(settings.data).clickhouse
    external.check_clickhouse(server)
    return server


@contextmanager
def archive_of(settings: Settings) -> Iterator[Client]:
    """A client of the platform's ClickHouse. Raises ServerError, also for what goes wrong while it is used."""
    try:
        with connected(clickhouse_of(settings)) as client:
            yield client
    except ClickHouseError as error:
        raise ServerError(f"ClickHouse: {' '.join(str(error).split())[:500]}") from None
