"""The decide worker as a process."""

import logging

import faust

from streams.decide.app import Settings, build


def run(settings: Settings, *, loglevel: str = "WARNING") -> None:
    """Run until SIGTERM or SIGINT, then leave in order; does not return: the exit status is 0.

    Ends with status 70 at once, acknowledging nothing, when it cannot go on (`lifeline.py`); then it is to be started
    again. faust's own failures end it with status 1.
    """
    logging.captureWarnings(capture=True)
    app, decide = build(settings)
    faust.Worker(app, decide, loglevel=loglevel, redirect_stdouts=False).execute_from_commandline()
