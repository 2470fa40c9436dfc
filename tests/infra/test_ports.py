"""Which port a server takes: the one that was demanded, else the one it had, else any that is free."""

from pathlib import Path

import pytest

from infra import ports
from tests.infra.processes import listening


def test_any_free_port() -> None:
    port = ports.choose("a server", 0)
    assert ports.is_free(port)


def test_the_port_it_had_as_long_as_it_is_free() -> None:
    port = ports.choose("a server", 0)
    assert ports.choose("a server", 0, before=port) == port
    assert ports.choose("a server", 0, before=port, taken=[port]) != port
    with listening(port):
        assert ports.choose("a server", 0, before=port) != port


def test_a_demanded_port_or_an_error() -> None:
    port = ports.choose("a server", 0)
    assert ports.choose("a server", port, before=1) == port
    with listening(port), pytest.raises(ports.PortInUseError, match=f"port {port}, asked for a server, is in use"):
        ports.choose("a server", port)
    with pytest.raises(ports.PortInUseError):
        ports.choose("a server", port, taken=[port])


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"http": "x"}', "null"])
def test_ports_are_remembered_and_a_torn_file_is_no_obstacle(tmp_path: Path, torn: str) -> None:
    assert ports.recall(tmp_path) == {}
    ports.remember(tmp_path, http=1, tcp=2)
    assert ports.recall(tmp_path) == {"http": 1, "tcp": 2}
    (tmp_path / "ports.json").write_text(torn)
    assert ports.recall(tmp_path) == {}
