"""What a command says beside its output, on standard error."""

import sys


def remark(line: str) -> None:
    sys.stderr.write(f"fivenines: {line}\n")
