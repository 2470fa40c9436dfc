"""Apache Kafka's jars: from Maven Central once, then from the local Maven cache."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from infra.supervised import ServerError

KAFKA_VERSION = "4.1.1"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
# Kafka logs through slf4j and its Maven artifact brings no binding: without this one a broker says nothing at
# all. It is resolved by itself: together with Kafka it pulls kafka-clients back to 3.8.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
DOWNLOAD_MB = 43
DIGESTS = Path(__file__).with_name("kafka-jars.sha256")


def jars(report: Callable[[str], None] = lambda _: None) -> list[Path]:
    """The class path of the broker. `report` gets one line when there is something to download.

    The jars lie in `cache_folder()` and are compared with `kafka-jars.sha256` each time (0.2 s). Raises
    ServerError without a network as long as they are not cached, and when a jar is not the one that was pinned.
    """
    expected = {name: digest for digest, name in (line.split() for line in DIGESTS.read_text().splitlines())}
    folder = cache_folder()
    if not folder.is_dir():
        report(f"Downloading Apache Kafka {KAFKA_VERSION} from Maven Central ({DOWNLOAD_MB} MB, once) into {folder}")
        _download(folder)
    wrong = [name for name, digest in expected.items() if sha256(folder / name) != digest]
    if wrong:
        raise ServerError(
            f"not the pinned jars of Apache Kafka {KAFKA_VERSION}: {', '.join(wrong)}; remove {folder} and start again"
        )
    return [folder / name for name in expected]


def cache_folder() -> Path:
    """`kafka-VERSION` in `$FIVENINES_CACHE`, else in `$XDG_CACHE_HOME/fivenines`, else in `~/.cache/fivenines`."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("FIVENINES_CACHE") or caches / "fivenines").expanduser() / f"kafka-{KAFKA_VERSION}"


def _download(folder: Path) -> None:
    """All or nothing: the folder appears when it is complete. Two processes may do it at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="download-") as scratch:
        complete = Path(scratch, "jars")
        complete.mkdir()
        for jar in _resolved(Path(scratch)):
            shutil.move(jar, complete / jar.name)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _resolved(scratch: Path) -> list[Path]:
    import jgo  # half a second, needed once

    try:
        broker = jgo.build(KAFKA, cache_dir=scratch)
        binding = jgo.build(LOG_BINDING, cache_dir=scratch)
    except Exception as error:
        raise ServerError(
            f"Apache Kafka {KAFKA_VERSION} is not in {cache_folder()} and cannot be downloaded: {error}; "
            "connect to the network once, or name a Kafka of your own with FIVENINES_KAFKA"
        ) from error
    return [*broker.all_jars, *(jar for jar in binding.all_jars if "slf4j-impl" in jar.name)]


def sha256(jar: Path) -> str:
    if not jar.is_file():
        return ""
    with jar.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
