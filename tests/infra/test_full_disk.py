"""A full disk is one clear error, and nothing that was acknowledged is lost.

The disk is a small tmpfs in a mount namespace of our own, which needs no privilege where user namespaces are
granted.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
KAFKA = """
import os
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from infra.kafka import EmbeddedKafka
from infra.supervised import ServerError
with EmbeddedKafka(disk / "kafka") as server:
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    admin.create_topics([NewTopic("t", 1)])["t"].result(20)
    producer = Producer({"bootstrap.servers": server.bootstrap, "message.timeout.ms": 5000, "log_level": 0})
    for _ in range(150):
        producer.produce("t", os.urandom(900_000))
        producer.poll(0.01)
    producer.flush(20)
    try:
        server.check()
    except ServerError as error:
        print(error)
"""
CLICKHOUSE = """
from clickhouse_connect import get_client
from clickhouse_connect.driver.exceptions import DatabaseError
from infra.clickhouse import EmbeddedClickHouse
with EmbeddedClickHouse(disk / "clickhouse") as server:
    client = get_client(host=server.host, port=server.http_port, username=server.user, password=server.password)
    client.command("CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY tuple()")
    inserted = 0
    try:
        while inserted < 5000:
            client.command("INSERT INTO t SELECT randomString(100000) FROM numbers(50)")
            inserted += 50
    except DatabaseError as error:
        print(error)
    print("kept" if client.command("SELECT count() FROM t") == inserted else "lost")
    client.command("TRUNCATE TABLE t")
    client.command("INSERT INTO t VALUES ('there is room again')")
    print(client.command("SELECT s FROM t"))
"""
NO_ROOM_TO_START = """
from infra.servers import Servers
from infra.supervised import ServerError
try:
    with open(disk / "everything", "wb") as file:
        while True:
            file.write(bytes(4096))
except OSError:
    pass
try:
    Servers(disk / "data").start()
except ServerError as error:
    print(error)
"""


def on_a_small_disk(tmp_path: Path, script: str, size: str = "96m") -> str:
    """What a script prints that has `disk`, a folder on a disk of its own."""
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system grants no user namespaces to mount a small disk in")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(tmp_path)]
    program = (
        f"import pathlib, subprocess; subprocess.run({mount!r}, check=True); disk = pathlib.Path({str(tmp_path)!r})\n"
    )
    ran = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", program + script], capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.kafka
def test_a_broker_without_room_ends_and_says_why(tmp_path: Path) -> None:
    said = on_a_small_disk(tmp_path, KAFKA)
    assert f"ended with status 1: the disk of {tmp_path}/kafka is full; make room, then start again. Its log is" in said
    assert said.count("\n") == 1


@pytest.mark.clickhouse
def test_clickhouse_without_room_refuses_and_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    said = on_a_small_disk(tmp_path, CLICKHOUSE)
    assert "not enough space" in said or "No space left" in said
    assert said.endswith("kept\nthere is room again\n")


def test_no_room_to_start_is_one_clear_error(tmp_path: Path) -> None:
    said = on_a_small_disk(tmp_path, NO_ROOM_TO_START, "1m")
    assert "cannot write to" in said
    assert "No space left on device): make room" in said
    assert said.count("\n") == 1
