"""What a corrected derivation would change, in facts and in credit days, and that the platform says it with its reason:
compared on paper, then on a real platform."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas import times
from schemas.facts import FACTS, Availability, BillingCredit, Credit, Fact, LocationOutage
from schemas.terms.book import read_book
from streams.archive.read import current_facts
from streams.folds.billing import is_whole
from streams.ledger.transactions import encode
from streams.platform import Platform, connected
from streams.publishing import Publisher
from streams.settings import read_settings
from tests.cli.conftest import Ended, Fivenines
from tests.cli.live import settle
from tests.core import lines

PACKAGED = Path(read_book.__code__.co_filename).parent
DAY = times.parse("2026-03-10T00:00:00Z")
MINUTE = 60_000
APRIL = times.parse("2026-04-05T00:00:00Z")
NEVER_FINAL = {"correction_horizon_days": "30000"}
REASON = ("--reason", "silence begins when it was last heard", "--author", "ann")


def told() -> list[bytes]:
    """Silent from the first missed heartbeat for thirty minutes, a minute longer from the last one heard: one day, or
    two. `loc-a` was claimed, `loc-b` was not, and `loc-c` is well."""
    said = [
        lines.record("location", f"loc-{name}", DAY - 60 * 86_400_000, account_id="acme", sla_from=times.render(DAY))
        for name in "abc"
    ]
    for name in "abc":
        heard = [*range(11), *range(41, 51)] if name != "c" else range(51)
        said += [lines.sample(f"loc-{name}", f"gw-{name}", DAY + at * MINUTE, interval=60) for at in heard]
        said.append(lines.sample(f"loc-{name}", f"gw-{name}", DAY + 51 * MINUTE, interval="changes"))
    claim = {"ticket_type": "credit_claim", "location_id": "loc-a", "month": "2026-03", "channel": "email"}
    said.append(lines.ticket("T1", APRIL, "created", received_at=times.render(APRIL), **claim))
    return [*said, lines.tick("clock", APRIL + 15 * 86_400_000)]


def terms(folder: Path, outage_begins: str) -> Path:
    """The packaged terms, but for when an outage begins."""
    folder.mkdir(exist_ok=True)
    text = (PACKAGED / "2024-09-23.toml").read_text(encoding="utf-8")
    changed = text.replace('outage_begins = "first_missed"', f'outage_begins = "{outage_begins}"')
    (folder / "2024-09-23.toml").write_text(changed, encoding="utf-8")
    return folder


class Live:
    """A platform, and commands on it."""

    def __init__(self, platform: Platform, fivenines: Fivenines) -> None:
        self.platform = platform
        self._fivenines = fivenines

    def __call__(self, command: str, *more: object) -> Ended:
        return self._fivenines(command, *more, "--data", self.platform.settings.data)

    def current(self, kind: type[Fact]) -> list[Any]:
        with connected(self.platform.servers.clickhouse) as client:
            return [*current_facts(client, kind)]

    def revisions(self) -> dict[tuple[str, ...], int]:
        """Of each fact the version that stands."""
        return {(kind.TOPIC, *map(str, fact.identity)): fact.version for kind in FACTS for fact in self.current(kind)}

    def derive_by(self, outage_begins: str) -> None:
        """The processes start again, with other terms."""
        assert self.platform.settings.terms is not None
        for process in self.platform._processes.values():
            process.stop()
        terms(self.platform.settings.terms, outage_begins)
        for process in self.platform._processes.values():
            process.start(lambda: True, within_s=30)
        settle(self.platform)

    def says(self, fact: Fact) -> None:
        """Somebody writes to a topic of the platform."""
        with Publisher(self.platform.servers.kafka_config, 2) as publisher:
            publisher.send(fact.TOPIC, fact.key.encode(), encode(fact.written()))
        self.until(lambda: fact in self.current(type(fact)))

    def reconciled(self) -> None:
        """Until there is nothing that would change."""
        settle(self.platform)
        self.until(lambda: self("reconcile").status == 0)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 90
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.5)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that derived everything by other terms than it has now."""
    folder = tmp_path_factory.mktemp("reconcile")
    given = {"partitions": "2", "terms": str(terms(folder / "terms", "first_missed")), **NEVER_FINAL}
    with Platform(read_settings({"data": str(folder / "data"), **given})) as platform:
        yield platform


@pytest.fixture
def on(platform: Platform, fivenines: Fivenines) -> Live:
    return Live(platform, fivenines)


def values(ended: Ended, topic: str) -> list[dict[str, Any]]:
    return [fact["value"] for fact in map(json.loads, ended.out.splitlines()) if fact["topic"] == topic]


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_the_platform_says_what_follows_now_when_somebody_has_looked_at_it(on: Live, tmp_path: Path) -> None:
    (tmp_path / "told").write_bytes(b"".join(told()))
    assert on("publish", tmp_path / "told").status == 0
    settle(on.platform)
    assert on("reconcile") == Ended(0, "", "fivenines: nothing would change: what is published follows\n")
    what_if = on("replay", "--from", "archive", "--diff", "--terms", terms(tmp_path / "others", "last_seen"))
    assert what_if.status == 1
    assert what_if.err.endswith("fivenines: credit days: +1 in 1 months, from 1 to 2\n")
    (first,) = on.current(BillingCredit)
    assert (first.location_id, first.n, first.days) == ("loc-a", 1, 1)

    on.derive_by("last_seen")
    assert on.current(BillingCredit) == [first], "nobody has looked at it: no money moves"
    assert "facts by other folds, terms or settings" in on("doctor").out
    looked = on("reconcile")
    assert looked.status == 1
    assert values(looked, "credit-days") == [
        {
            "account_id": "acme",
            "location_id": "loc-a",
            "month": "2026-03",
            "published": 1,
            "derived": 2,
            "is_final": False,
            "change": 1,
        }
    ]
    assert "fivenines: credit days: +1 in 1 months, from 1 to 2\n" in looked.err
    march = [month for month in values(looked, "availability") if month["month"] == "2026-03"]
    down = {month["location_id"]: month["columns"].get("down_ms") for month in march}
    assert down["loc-a"] == down["loc-b"] == {"published": 30 * MINUTE, "derived": 31 * MINUTE}
    assert on("reconcile", "--location", "loc-c", "--month", "2026-01") == Ended(
        0, "", "fivenines: nothing would change: what is published follows\n"
    )

    published = on("reconcile", "--publish", *REASON)
    assert published.status == 0
    assert "published for 4 locations and accounts: " in published.err
    on.reconciled()
    assert on("replay", "--from", "archive", "--diff").status == 0
    assert on("replay", "--from", "kafka", "--diff").status == 0
    assert on("audit", "--sql").status == 0
    assert "derived           by these folds, terms and settings" in on("doctor").out
    chain = sorted(on.current(BillingCredit), key=lambda entry: entry.n)
    assert [(entry.n, entry.days, entry.type) for entry in chain] == [
        (1, 1, "credit.issued"),
        (2, 1, "credit.adjusted"),
    ]
    assert is_whole(chain)
    assert chain[0].reason == "claimed by ticket T1"
    assert chain[1].reason.startswith(
        "the month was corrected; reconciled by ann: silence begins when it was last heard (reconciliation "
    )
    explained = on("explain", chain[1].id, "--format", "json")
    assert explained.status == 0
    (change,) = [
        step for step in json.loads(explained.out)[0]["steps"] if step["what"].startswith("The change in days")
    ]
    assert (
        change["words"][1]
        == "It was written because ann had the month reconciled: silence begins when it was last heard"
    )
    assert [(entry["topic"], entry["found"]) for entry in change["inputs"]] == [("registry", True)]

    unclaimed = next(credit for credit in on.current(Credit) if credit.location_id == "loc-b")
    month = next(month for month in on.current(Availability) if month.location_id == "loc-b" and month.down_ms)
    before, after = month.corrections
    assert (before.down_ms, after.down_ms) == (30 * MINUTE, 31 * MINUTE)
    assert unclaimed.claim_deadline > after.recorded_at, "who could not claim these days before may claim them now"

    versions = on.revisions()
    assert on("reconcile", "--publish", *REASON).err == "fivenines: nothing would change: what is published follows\n"
    settle(on.platform)
    assert on.revisions() == versions


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_what_somebody_else_wrote_is_overruled(on: Live) -> None:
    """Whoever holds to have said it already says it again."""
    outage = next(fact for fact in on.current(LocationOutage) if fact.location_id == "loc-b")
    month = next(fact for fact in on.current(Availability) if fact.location_id == "loc-a" and fact.closed)
    credit = next(fact for fact in on.current(Credit) if fact.location_id == "loc-a")
    on.says(msgspec.structs.replace(month, excluded_ms=month.excluded_ms + 1, up_ms=month.up_ms - 1))
    on.says(msgspec.structs.replace(credit, downtime_minutes=7))
    on.says(msgspec.structs.replace(outage, outage_id="00000000-0000-4000-8000-000000000000"))
    looked = on("reconcile")
    assert looked.status == 1
    assert values(looked, "credit-days") == []
    assert on("reconcile", "--publish", "--reason", "not ours", "--author", "ann").status == 0
    on.reconciled()
    assert on("replay", "--from", "archive", "--diff").status == 0


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_what_cannot_be_overruled_is_not_asked_for(on: Live) -> None:
    """Intake would wait for so much input before it repaired anything else."""
    outage = next(fact for fact in on.current(LocationOutage) if fact.location_id == "loc-b")
    wrong = msgspec.structs.replace(outage, unknown_ms=1, version=1 << 40)
    on.says(wrong)
    ended = on("reconcile", "--publish", *REASON)
    on.says(msgspec.structs.replace(outage, version=wrong.version + 1))
    assert ended.status == 1
    assert ended.err.endswith(
        "fivenines: not published, for a fact stands there whose version is ahead of all input there is: loc-b\n"
    )


def test_to_publish_takes_a_reason_and_somebody_who_looked(fivenines: Fivenines) -> None:
    for more in ((), REASON[:2], REASON[2:]):
        ended = fivenines("reconcile", "--publish", *more)
        assert (ended.status, ended.out) == (2, "")
        assert "say why with --reason, and who looked at it with --author" in ended.err
    assert fivenines("reconcile", *REASON).err == "fivenines: nothing is published without --publish\n"
