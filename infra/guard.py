"""The process between the platform and one server, so that no server outlives the platform.

    python -I -S guard.py LOG COMMAND...

It starts COMMAND with its output in LOG, writes the server's pid as one line, and takes orders on its standard
input: `T` asks the server to stop (SIGTERM); the end of the input, which also comes when the platform is killed,
kills the server. It ends with the server's status, as a shell gives it (128 + signal). On Linux the server also
dies with the guard. Only the standard library, to start fast.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

ASK_TO_STOP = b"T"
PR_SET_PDEATHSIG = 1
ORPHAN_CHECK_S = 0.5


def die_with_guard() -> None:
    """Linux: the kernel kills this process when the thread that started it is gone, here the guard's main thread."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_with(child: subprocess.Popen[bytes]) -> None:
    status = child.wait()
    os._exit(status if status >= 0 else 128 - status)


def next_order(parent: int) -> bytes:
    """An order; nothing when the platform is gone: its pid tells where a forked copy of the pipe is still open."""
    while not select.select([0], [], [], ORPHAN_CHECK_S)[0]:
        if os.getppid() != parent:
            return b""
    return os.read(0, 1)


def main(log: str, command: Sequence[str]) -> None:
    parent = os.getppid()
    with open(log, "ab", buffering=0) as output:
        child = subprocess.Popen(  # noqa: S603 - the platform's own command line
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            close_fds=False,  # the folder's lock is inherited: it lasts as long as the server
            preexec_fn=die_with_guard if sys.platform == "linux" else None,  # no other thread yet
        )
    threading.Thread(target=leave_with, args=(child,), daemon=True).start()
    os.write(1, b"%d\n" % child.pid)
    while next_order(parent) == ASK_TO_STOP:
        child.terminate()
    child.kill()
    leave_with(child)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
