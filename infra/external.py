"""Servers of the operator's own: where they are, and whether they answer."""

import ssl
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from infra.endpoints import ClickHouseServer
from infra.supervised import ServerError

PATIENCE_S = 10


def check_kafka(config: Mapping[str, str]) -> None:
    """Raises ServerError, with librdkafka's own reason, when no broker answers."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    reasons: list[str] = []
    where = config["bootstrap.servers"]
    client = None
    try:
        notes: dict[str, Any] = {"error_cb": lambda error: reasons.append(error.str()), "log_level": 0}
        client = AdminClient({**config, **notes})
        client.list_topics(timeout=PATIENCE_S)
    except KafkaException as error:
        if client:
            client.poll(0)  # hands the reasons over
        reason = next((each for each in reasons if "brokers are down" not in each), error.args[0].str())
        raise ServerError(
            f"Kafka at {where} does not answer ({reason}): see that it runs and that FIVENINES_KAFKA and its "
            "TLS and SASL options are right"
        ) from None


def check_clickhouse(server: ClickHouseServer) -> None:
    """Raises ServerError when ClickHouse cannot be reached, or does not take the user or the database."""
    credentials = {"X-ClickHouse-User": server.user, "X-ClickHouse-Key": server.password}
    try:
        with closing(_connection(server)) as connection:
            connection.request("POST", f"/?database={quote(server.database)}", "SELECT 1", credentials)
            answer = connection.getresponse()
            words = answer.read().decode(errors="replace")
        reason = "" if answer.status == HTTPStatus.OK else words.partition("\n")[0] or f"HTTP {answer.status}"
    except (OSError, HTTPException) as error:  # a certificate that is not there or not right, too
        reason = str(error)
    if reason:
        raise ServerError(
            f"ClickHouse at {server.host}:{server.http_port} does not serve user {server.user} and database "
            f"{server.database} ({reason}): see that it runs and that FIVENINES_CLICKHOUSE is right"
        )


def _connection(server: ClickHouseServer) -> HTTPConnection:
    if not server.secure:
        return HTTPConnection(server.host, server.http_port, timeout=PATIENCE_S)
    trust = ssl.create_default_context(cafile=server.ca_cert)
    return HTTPSConnection(server.host, server.http_port, timeout=PATIENCE_S, context=trust)


def clickhouse_from(url: str, kafka_broker_list: str) -> ClickHouseServer:
    """`http[s]://USER:PASSWORD@HOST[:PORT][/DATABASE][?ca_cert=FILE]`. Raises ServerError, without the password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ServerError("FIVENINES_CLICKHOUSE is no URL of the form https://USER:PASSWORD@HOST:PORT/DATABASE")
    secure = parts.scheme == "https"
    return ClickHouseServer(
        host=parts.hostname,
        http_port=port or (8443 if secure else 8123),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")) or "fivenines",
        secure=secure,
        kafka_broker_list=kafka_broker_list,
        ca_cert=parse_qs(parts.query).get("ca_cert", [None])[0],
    )


def is_local(url: str) -> bool:
    """Whether the URL names this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
