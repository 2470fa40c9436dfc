"""What ends a command before it is done."""


class CommandError(Exception):
    """Wrong use or bad input: each line of the message is shown, and the exit status is 2."""
