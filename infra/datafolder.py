"""A folder that belongs to one running server or platform: a lock, a format version, its files wiped by removing it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from infra.supervised import ServerError

PATIENCE_S = 3.0


@contextmanager
def writing(what: str, path: Path) -> Iterator[None]:
    """A full disk, a folder without permission and the like become one ServerError."""
    try:
        yield
    except OSError as error:
        raise ServerError(
            f"{what} cannot write to {path} ({error.strerror}): make room or give permission, or choose another data "
            "folder"
        ) from error


class DataFolder:
    """Take a folder for ourselves while the `with` block runs.

    The lock is an flock on the file `lock`, held by every process that inherits `fileno()`; the kernel releases
    it when the last of them ends, so no lock is ever stale. `version` names the layout of what is inside. Raises
    ServerError, with the pid, when another process holds the folder, and when the folder has another format or is
    not ours.
    """

    def __init__(self, path: Path, *, what: str, version: str) -> None:
        self.path = path.expanduser().absolute()
        self._what = what
        self._version = version
        self._fd = -1

    def __enter__(self) -> "DataFolder":
        self._refuse_foreign()
        self.path.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(fd)
            self._check_version()
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def fileno(self) -> int:
        return self._fd

    def _refuse_foreign(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise ServerError(f"{self.path} is a file, and {self._what} needs a folder there: choose another")
        if self.path.is_dir() and not (self.path / "lock").exists() and any(self.path.iterdir()):
            raise ServerError(
                f"{self.path} holds other files and is no data folder of {self._what}: choose an empty or a new folder"
            )

    def _lock(self, fd: int) -> None:
        import fcntl  # not on Windows, where no server is embedded

        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(fd, 32, 0).decode(errors="replace").strip()
                # Servers of a platform that was killed need a moment to die.
                if _runs(holder) or time.monotonic() > deadline:
                    raise ServerError(
                        f"{self.path} is in use by {self._what} of process {holder or 'unknown'}: stop it, "
                        "or choose another data folder"
                    ) from None
                time.sleep(0.05)
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)

    def _check_version(self) -> None:
        file = self.path / "format"
        if not file.exists():
            file.write_text(self._version + "\n")
            return
        found = file.read_text().strip()
        if found != self._version:
            raise ServerError(
                f"{self.path} has data of format “{found}”, and this version of {self._what} reads “{self._version}”: "
                "choose another data folder, or remove this one (its data is lost)"
            )


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ValueError, OSError):
        return False
    return True


def is_taken(path: Path) -> bool:
    """Whether a running process holds the folder."""
    import fcntl

    try:
        with (path / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write_private(file: Path, text: str) -> None:
    """Whole or not at all, and from its first moment for the owner alone."""
    scratch = file.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)
    scratch.rename(file)
