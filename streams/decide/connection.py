"""How decide reaches Kafka: librdkafka's options, which the whole platform is configured with, in faust's words."""

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from aiokafka.helpers import create_ssl_context  # type: ignore[import-untyped]
from faust.auth import SASLCredentials
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
OPTIONS: Final = (
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "sasl.password",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
)
"""Of librdkafka's options those that both clients know."""


class IdempotentProducer(driver.Producer):
    """faust's producer, which by itself is idempotent in transactions only."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class ResumingConsumer(driver.Consumer):
    """faust's consumer, which by itself reads on from where the group has committed.

    Others than us may commit, and faust commits what it skips; a committed 0 it takes for none, and does not seek.
    """

    resume: Mapping[TP, int] = MappingProxyType({})
    """From where on each partition is to be read."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        assigned = self.assignment()
        resume = {place: offset for place, offset in self.resume.items() if place in assigned}
        await self.seek_wait(resume)
        return resume


class Transport(driver.Transport):
    """faust's own, with these."""

    Producer = IdempotentProducer
    Consumer = ResumingConsumer


def brokers(bootstrap: str) -> str:
    """`HOST:PORT,…` as faust wants it."""
    return "kafka://" + ";".join(server.strip() for server in bootstrap.split(","))


def credentials(options: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a faust app for these options. Raises ValueError on an option that decide cannot follow."""
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(f"decide cannot follow the Kafka option {unknown[0]}; it knows {', '.join(OPTIONS)}")
    protocol = options.get("security.protocol", "PLAINTEXT").upper()
    if protocol not in PROTOCOLS:
        raise ValueError(f"security.protocol is {protocol}: it must be one of {', '.join(PROTOCOLS)}")
    context = _context(options) if protocol.endswith("SSL") else None
    if not protocol.startswith("SASL"):
        return {} if context is None else {"ssl_context": context}
    mechanism = options.get("sasl.mechanism", options.get("sasl.mechanisms", "PLAIN"))
    if mechanism not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise ValueError(f"sasl.mechanism is {mechanism}: decide knows PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512")
    sasl = SASLCredentials(
        username=options.get("sasl.username"),
        password=options.get("sasl.password"),
        ssl_context=context,
        mechanism=mechanism,
    )
    return {"broker_credentials": sasl}


def _context(options: Mapping[str, str]) -> ssl.SSLContext:
    context: ssl.SSLContext = create_ssl_context(
        cafile=options.get("ssl.ca.location"),
        certfile=options.get("ssl.certificate.location"),
        keyfile=options.get("ssl.key.location"),
        password=options.get("ssl.key.password"),
    )
    context.check_hostname = options.get("ssl.endpoint.identification.algorithm", "https") != "none"
    return context


def reader_settings(bootstrap: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same connection for an aiokafka consumer of our own."""
    auth = driver.credentials_to_aiokafka_auth(settings.get("broker_credentials"), settings.get("ssl_context"))
    return {"bootstrap_servers": bootstrap.split(","), **auth}
