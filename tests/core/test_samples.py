"""A device's samples are a set in order of time, however wide the gaps between them and however they arrive."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.folds.samples import Device, Profile, Profiles, SavedSamples, narrow

START = 1_700_000_000_000
UP, DOWN = 0, 1

INSTANTS = st.one_of(
    st.integers(0, 600_000), st.integers(0, 10).map(lambda month: month * 30 * 86_400_000), st.integers(0, 1 << 42)
).map(lambda offset: START + offset)
"""Minutes apart, months apart, and a century."""


def profiles() -> Profiles:
    known = Profiles()
    assert [known.code(Profile(up, 60_000, None)) for up in (True, False)] == [UP, DOWN]
    return known


def of(times: list[int]) -> Device:
    device, known = Device(), profiles()
    for at in times:
        device.add(at, UP, known)
    return device


@given(st.lists(INSTANTS, min_size=1))
def test_samples_stand_in_order_of_time_in_whatever_order_they_came(times: list[int]) -> None:
    device = of(times)
    assert list(device.times()) == sorted(set(times))
    assert (device.since, device.last_at, len(device)) == (min(times), max(times), len(set(times)))


@given(st.lists(INSTANTS, min_size=1))
def test_many_at_once_are_held_as_one_by_one(times: list[int]) -> None:
    at_once = Device()
    at_once.add_all(times, UP, profiles())
    assert at_once.save(profiles()) == of(sorted(times)).save(profiles())


@given(st.lists(st.tuples(INSTANTS, st.sampled_from([UP, DOWN])), min_size=1))
def test_what_was_saved_is_what_is_loaded(samples: list[tuple[int, int]]) -> None:
    device, known = Device(), profiles()
    for at, code in samples:
        device.add(at, code, known)
    saved = device.save(known)
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(saved), type=SavedSamples)
    loaded = Device.load(read, profiles())
    assert loaded.save(profiles()) == saved
    assert (list(loaded.times()), loaded.last_at, loaded.last_code) == (
        list(device.times()),
        device.last_at,
        device.last_code,
    )


@given(st.lists(INSTANTS, min_size=1), INSTANTS)
def test_of_the_forgotten_past_the_last_sample_is_kept(times: list[int], before: int) -> None:
    device = of(times)
    device.forget(before)
    past_kept = [max(past)] if (past := [at for at in times if at <= before]) else []
    assert list(device.times()) == sorted({*past_kept, *(at for at in times if at > before)})
    assert device.first == min(times)


@pytest.mark.parametrize(
    ("widest_ms", "bytes_each"),
    [(0, 2), (65_535, 2), (65_536, 4), (2**32 - 1, 4), (2**32, 8)],
)
def test_gaps_take_the_room_that_the_widest_needs(widest_ms: int, bytes_each: int) -> None:
    gaps = narrow([30_000, widest_ms, 0])
    assert (gaps.itemsize, list(gaps)) == (bytes_each, [30_000, widest_ms, 0])


@pytest.mark.parametrize("wide_ms", [65_536, 2**32])
def test_a_wide_gap_is_taken_in_wherever_it_stands(wide_ms: int) -> None:
    times = [START, START + 1_000, START + 1_000 + wide_ms, START + 2_000 + wide_ms]
    for arrived in (times, times[::-1], [*times[1:], times[0]]):
        device = of(arrived)
        assert list(device.gaps) == [after - at for at, after in pairwise(times)]
