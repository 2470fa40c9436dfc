"""`fivenines`, the one console script.

Exit status: 0 done, 1 a difference or a breach that was asked about was found, 2 wrong use or bad input.
"""

from streams.cli.main import main

__all__ = ["main"]
