"""Serves what an operator watches, in Prometheus' form, on the loopback interface."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from infra.ports import LOOPBACK


@contextmanager
def served(metrics: Collector, port: int | None) -> Iterator[None]:
    """Serve on `port` while the block runs; None: do not."""
    if port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(metrics)
    server, thread = start_http_server(port, LOOPBACK, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
