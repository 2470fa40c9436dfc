"""Where the servers of a platform are, for the platform and for every other process of the same data folder."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.datafolder import is_taken, write_private
from infra.supervised import ServerError


@dataclass(frozen=True)
class ClickHouseServer:
    """How to reach ClickHouse over HTTP. `kafka_broker_list` is how ClickHouse itself reaches Kafka.

    `grafana_user` may only read; empty for a server of the operator's own. `tcp_port` is the native protocol's, 0
    if unknown.
    """

    host: str
    http_port: int
    user: str
    password: str = field(repr=False)
    database: str
    secure: bool
    kafka_broker_list: str
    ca_cert: str | None = None
    grafana_user: str = ""
    grafana_password: str = field(default="", repr=False)
    tcp_port: int = 0


@dataclass(frozen=True)
class Endpoints:
    """`kafka_config` are librdkafka's options, `bootstrap.servers` among them. `settings` are the platform's, by name,
    that every process which derives the same must share.
    """

    kafka_config: Mapping[str, str] = field(repr=False)
    clickhouse: ClickHouseServer
    settings: Mapping[str, int | str | None] = field(default_factory=dict)


def running(data: Path) -> Endpoints:
    """The servers of the platform that runs on `data` now. Raises ServerError when none does."""
    if not is_taken(data):
        raise ServerError(f"no platform runs on {data}: start it with `fivenines up`, or name your servers")
    try:
        kept = json.loads(_file(data).read_text())
    except FileNotFoundError:
        raise ServerError(f"the platform on {data} is still starting, or stopping: try again in a moment") from None
    return Endpoints(
        kafka_config=kept["kafka_config"],
        clickhouse=ClickHouseServer(**kept["clickhouse"]),
        settings=kept.get("settings", {}),  # an earlier version keeps none
    )


def publish(data: Path, endpoints: Endpoints) -> None:
    """Passwords included: for the owner alone."""
    write_private(_file(data), json.dumps(asdict(endpoints)) + "\n")


def forget(data: Path) -> None:
    _file(data).unlink(missing_ok=True)


def _file(data: Path) -> Path:
    return data / "endpoints.json"
