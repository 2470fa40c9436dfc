"""Which location repair asks about, without an archive: one whose facts are ahead of the input waits for it alone."""

from collections.abc import Mapping
from types import SimpleNamespace

import msgspec

from schemas.derivation import DAY_MS
from streams.intake.memory import STATES
from streams.intake.past import Past, Request
from streams.intake.repair import Ends, Repair
from tests.child import wait
from tests.fleets import EDGE, SETTINGS
from tests.intake.recorded import Follower
from tests.intake.test_share import BOOK, fleet


class Asking(Repair):
    """It reads no archive: a follower knows what one would hold, and what somebody else wrote beside it."""

    def __init__(self, follower: Follower, forged: Mapping[str, int]) -> None:
        self._follower, self._forged = follower, forged
        outbox = SimpleNamespace(mark=lambda: 0, reached=lambda _: True, ends={})
        super().__init__(None, None, outbox, SETTINGS)  # type: ignore[arg-type]

    def _read(self, request: Request, ends: Ends) -> Past:
        past = self._follower.past(request.location_id)
        version = self._forged.get(request.location_id)
        if version is not None:
            last = past.published[STATES][-1]
            past.published[STATES] = (*past.published[STATES][:-1], msgspec.structs.replace(last, version=version))
        return past


def test_a_fact_that_somebody_wrote_ahead_of_the_input_holds_up_its_own_location_alone() -> None:
    follower = Follower(BOOK, SETTINGS, fleet(0))
    follower.register(follower.records)
    follower.take(follower.messages)
    dirty, share = follower.share.memory.dirty, follower.share
    forged, *others = share.chain.loop.keys
    asking = Asking(follower, {forged: share.at(share.position).version})

    def goes_on_until(repaired: int, in_repair: str = "") -> None:
        def is_there() -> bool:
            asking.go_on([share])
            return (follower.figures.repaired, share.memory.in_repair) == (repaired, in_repair)

        wait(is_there, 10, lambda: f"left: {[*dirty]}")

    share.memory.leave(forged, EDGE)
    goes_on_until(0, in_repair=forged)
    goes_on_until(0)
    for location_id in others:
        share.memory.leave(location_id, EDGE)
    goes_on_until(len(others))
    assert [*dirty] == [forged]
    follower.listen(EDGE + DAY_MS)
    goes_on_until(len(others) + 1)
    assert not dirty
    asking.close()
