"""What a clock that was kept knows of blind time when another limit is in force."""

from hypothesis import given
from hypothesis import strategies as st

from streams.folds.clock import Clock

SHORT, LONG = 20, 60

ticks = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 400)), max_size=30)
limits = st.sampled_from([SHORT, LONG])


def heard(limit: int, *parts: list[tuple[str, int]]) -> Clock:
    clock = Clock(limit)
    for part in parts:
        for collector_id, at in part:
            clock.tick(collector_id, at)
    return clock


def kept(clock: Clock, limit: int) -> Clock:
    """The clock, as another process has it that goes by a limit."""
    restored = Clock(limit)
    restored.restore(clock.save())
    return restored


def blind(clock: Clock) -> list[object]:
    return [clock.first_tick, clock.newest_tick, *(list(clock.blind(name, -1, 1000)) for name in ("a", "b"))]


@given(before=ticks, under=limits, now=limits, meanwhile=ticks, after=ticks)
def test_a_clock_whose_ticks_were_read_again_knows_what_one_knows_that_heard_them_all(
    before: list[tuple[str, int]],
    under: int,
    now: int,
    meanwhile: list[tuple[str, int]],
    after: list[tuple[str, int]],
) -> None:
    clock = kept(heard(under, before), now)
    assert clock.knows_its_gaps == (under == now)
    clock.read_again()
    for collector_id, at in meanwhile:
        clock.tick(collector_id, at)
    clock.was_read_again(heard(now, before))
    for collector_id, at in after:
        clock.tick(collector_id, at)
    assert clock.knows_its_gaps
    assert blind(clock) == blind(heard(now, before, meanwhile, after))
    assert kept(clock, now).knows_its_gaps


@given(before=ticks, between=ticks)
def test_a_clock_that_went_by_another_limit_for_a_while_does_not_know_its_gaps(
    before: list[tuple[str, int]], between: list[tuple[str, int]]
) -> None:
    clock = kept(heard(SHORT, before), LONG)
    for collector_id, at in between:
        clock.tick(collector_id, at)
    assert not kept(clock, SHORT).knows_its_gaps
