"""The process that is the embedded ClickHouse: the engine of the chdb-core wheel, serving HTTP and the native protocol.

    python -I -S clickhouse_child.py PACKAGE DATA DATABASE

PACKAGE is the folder of `_chdb.abi3.so`; the working directory has `config.xml`. The servers run as long as one
query that reads a FIFO; SIGTERM closes the FIFO, the query ends, and the engine shuts down in order. Only the
standard library.
"""

import importlib.util
import os
import signal
import sys
import threading
from pathlib import Path
from types import ModuleType

FIFO = "until-stopped"
SERVE = f"""
    CREATE DATABASE IF NOT EXISTS {{database}};
    SYSTEM START LISTEN HTTP;
    SYSTEM START LISTEN TCP;
    INSERT INTO FUNCTION null('line String') FROM INFILE '{FIFO}' FORMAT LineAsString
"""


def loaded_engine(package: Path) -> ModuleType:
    """The extension module by itself, without the package around it.

    The package opens and closes an engine when it is imported; after that `ENGINE = Kafka` is shut down for good
    and nothing is logged. DEEPBIND keeps the engine's allocator apart from the C++ library of the interpreter.
    """
    here = Path.cwd()
    os.chdir(package)  # the module looks for its companion library in the working directory
    try:
        sys.setdlopenflags(os.RTLD_NOW | os.RTLD_DEEPBIND)
        spec = importlib.util.spec_from_file_location("_chdb", package / "_chdb.abi3.so")
        if spec is None or spec.loader is None:
            raise ImportError(f"no engine in {package}")
        engine = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(engine)
        return engine
    finally:
        os.chdir(here)


def close_when_terminated(fifo: int) -> None:
    signal.sigwait({signal.SIGTERM})
    os.close(fifo)


def main(package: Path, data: Path, database: str) -> None:
    signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGTERM}
    )  # inherited by the engine's threads: only sigwait takes it
    Path(FIFO).unlink(missing_ok=True)
    os.mkfifo(FIFO, 0o600)
    fifo = os.open(FIFO, os.O_RDWR)
    threading.Thread(target=close_when_terminated, args=(fifo,), daemon=True).start()
    (data / "metadata").mkdir(parents=True, exist_ok=True)  # the engine expects it in a fresh folder
    loaded_engine(package).query(SERVE.format(database=database), "TabSeparated", path=str(data))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
