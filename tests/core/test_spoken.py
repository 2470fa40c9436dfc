"""People read lengths in units that they think in, milliseconds only where there are some; names stay as they are."""

import pytest

from streams.spoken import all_spoken, instants_spoken, spoken


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (0, "0 s"),
        (1, "0.001 s"),
        (60_000, "1 min"),
        (93_784_500, "1 d 2 h 3 min 4.5 s"),
        (-1_413_216, "−23 min 33.216 s"),
    ],
)
def test_a_length_is_exact_in_whole_units(milliseconds: int, words: str) -> None:
    assert spoken(milliseconds) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "from 2026-03-10T00:00:00.000Z to 2026-03-10T00:20:00.250Z",
            "from 2026-03-10T00:00:00Z to 2026-03-10T00:20:00.250Z",
        ),
        ("max(2026-03-10T00:00:00.000Z, 5)", "max(2026-03-10T00:00:00Z, 5)"),
        ("outage/loc/2026-03-10T00:00:00.000Z", "outage/loc/2026-03-10T00:00:00.000Z"),
        ("id T1-2026-03-10T00:00:00.000Z", "id T1-2026-03-10T00:00:00.000Z"),
    ],
)
def test_whole_seconds_have_no_milliseconds_but_in_a_name(text: str, words: str) -> None:
    assert instants_spoken(text) == words


def test_in_words_milliseconds_are_told_as_lengths() -> None:
    assert all_spoken("excludes 1200000 ms of n-5 ms") == "excludes 20 min of n-5 ms"
