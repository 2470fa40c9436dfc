"""Processes that the benchmarks run beside intake; each prints one line of JSON at its end."""
