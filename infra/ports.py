"""Ports on the loopback interface."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path

from infra.supervised import ServerError

LOOPBACK = "127.0.0.1"


class PortInUseError(ServerError):
    """A port that was asked for belongs to another program."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(name: str, demanded: int, *, before: int = 0, taken: Sequence[int] = ()) -> int:
    """The demanded port; without a demand (0) the one used before, if it is free, else any. Raises PortInUseError."""
    if demanded:
        if demanded in taken or not is_free(demanded):
            raise PortInUseError(
                f"port {demanded}, asked for {name}, is in use by another program: choose another, or 0 for any"
            )
        return demanded
    if before and before not in taken and is_free(before):
        return before
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def remember(data: Path, **chosen: int) -> None:
    """Keep the ports with the data: a restart takes them again when they are free, and clients find their server."""
    (data / "ports.json").write_text(json.dumps(chosen) + "\n")


def recall(data: Path) -> dict[str, int]:
    """The ports of the last run; empty before the first, or when the file does not survive a crash."""
    try:
        ports = json.loads((data / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    return {name: port for name, port in ports.items() if isinstance(port, int)} if isinstance(ports, dict) else {}
