"""Speed and memory beside references: `python -m tests.benchmarks` (the README says what is compared, and how)."""
