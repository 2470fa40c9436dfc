"""`python -m streams.cli`: the console script, for child processes."""

from streams.cli.main import main

main()
