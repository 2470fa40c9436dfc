"""The embedded Kafka keeps its contract: ours or an error, and its data through every kind of end."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import Producer

from infra import kafka as embedded
from infra import ports
from infra.kafka import EmbeddedKafka
from infra.supervised import ServerDiedError, ServerError
from tests.infra.messages import create_topic, produce, values_in
from tests.infra.processes import eventually, is_gone, listening

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a broker of our own, beside the shared one; its name is as awkward as a name may be."""
    return tmp_path_factory.mktemp("kafka") / "a folder, “data” = 1"


@pytest.fixture(scope="module")
def own(data: Path) -> Iterator[EmbeddedKafka]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("infra.kafka.uuid.uuid4", lambda: UUID(bytes=b"\xf8" * 16))  # one in 64 begins with a dash
    with EmbeddedKafka(data, heap="512M") as server:
        monkeypatch.undo()
        assert server.cluster_id.startswith("-")
        create_topic(server, "kept")
        produce(server, "kept", b"before")
        yield server


def test_two_brokers_run_side_by_side(kafka: EmbeddedKafka, own: EmbeddedKafka) -> None:
    assert kafka.cluster_id != own.cluster_id
    assert kafka.port != own.port
    assert kafka.pid != own.pid
    assert values_in(own, "kept", 1) == [b"before"]


def test_ready_means_that_our_own_broker_answers(kafka: EmbeddedKafka) -> None:
    assert eventually(embedded.answers(kafka.bootstrap, kafka.cluster_id))
    assert not eventually(embedded.answers(kafka.bootstrap, "another cluster"), within_s=0.5)
    with listening() as silent:
        assert not eventually(embedded.answers(f"127.0.0.1:{silent.getsockname()[1]}", kafka.cluster_id), within_s=0.5)


def test_topics_are_not_created_by_accident(kafka: EmbeddedKafka) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    assert producer.list_topics("never-created", timeout=20).topics["never-created"].error is not None
    assert "never-created" not in producer.list_topics(timeout=20).topics


def test_a_second_broker_on_the_same_data_is_refused_with_the_pid(own: EmbeddedKafka, data: Path) -> None:
    with pytest.raises(ServerError, match=f"in use by Kafka of process {os.getpid()}"):
        EmbeddedKafka(data).start()
    with pytest.raises(ServerError, match="already running"):
        own.start()
    assert own.alive


def test_a_demanded_port_in_use_is_a_clear_error(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    with pytest.raises(ports.PortInUseError, match=f"port {kafka.port}, asked for Kafka, is in use"):
        EmbeddedKafka(tmp_path / "data", port=kafka.port).start()


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    (tmp_path / "format").write_text("kafka 0\n")
    with pytest.raises(ServerError, match="format “kafka 0”, and this version of Kafka reads “kafka 1”"):
        EmbeddedKafka(tmp_path).start()


def test_it_keeps_its_data_through_stop_and_kill_whichever_ports_are_free(own: EmbeddedKafka, data: Path) -> None:
    cluster, port, pid = own.cluster_id, own.port, own.pid
    own.stop()
    assert is_gone(pid)
    assert (data / "log" / ".kafka_cleanshutdown").exists(), "it stopped in order"

    with listening(port):
        own.start()
        assert own.port != port
        assert own.cluster_id == cluster
        assert values_in(own, "kept", 1) == [b"before"]

    produce(own, "kept", b"acknowledged")
    port = own.port
    os.kill(own.pid, signal.SIGKILL)
    assert eventually(lambda: not own.alive)
    with pytest.raises(ServerDiedError, match=r"Kafka .* was killed by signal 9; its log is .*/logs/"):
        own.check()

    own.start()
    own.check()
    assert own.port == port
    assert values_in(own, "kept", 2) == [b"before", b"acknowledged"]
