"""A timer wheel: what was set is handed back once its instant may have passed, and nothing is lost or repeated."""

from hypothesis import given
from hypothesis import strategies as st

from streams.timers import SLOT_MS, Timers, slot_of

INSTANTS = st.integers(0, 20 * SLOT_MS)


@given(st.lists(INSTANTS), st.lists(INSTANTS))
def test_every_key_is_handed_back_once_in_the_first_look_after_its_slot_began(
    instants: list[int], looks: list[int]
) -> None:
    timers, waiting = Timers(), dict(enumerate(instants))
    for number, at in waiting.items():
        timers.set(str(number), at)
    for now in sorted(looks):
        passed = sorted(timers.passed(now))
        due = {number: at for number, at in waiting.items() if slot_of(at) * SLOT_MS < now}
        assert passed == sorted((slot_of(at), str(number)) for number, at in due.items())
        waiting = {number: at for number, at in waiting.items() if number not in due}


def test_what_is_set_while_it_is_looked_at_waits_for_the_next_look() -> None:
    """Else what is due later in the same second would be handed back without end."""
    timers = Timers()
    timers.set("a", 1_700)
    looked = []
    for slot, key in timers.passed(1_500):
        looked.append((slot, key))
        timers.set(key, 1_700)
    assert looked == [(1, "a")]
    assert list(timers.passed(1_501)) == [(1, "a")]
