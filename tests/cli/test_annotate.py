"""What people decide about outages: approved, said by hand and taken back, tried in a file and on a real platform."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from schemas.facts import Availability, ExclusionProposal
from schemas.facts.fact import named
from schemas.wire import encode_line
from streams.archive.read import current_facts
from streams.platform import Platform, connected
from streams.settings import read_settings
from tests.cli.conftest import Ended, Fivenines
from tests.cli.live import settle
from tests.core.cases import lines_of

# The gateway says that the power went: 20 minutes, one credit day, unless somebody approves that.
STORY: dict[str, Any] = {
    "registry": [{"location": "loc", "account_id": "acme", "sla_from": "2026-01-01T00:00:00Z"}],
    "samples": [
        "00:00:00 gw up changes",
        "00:10:00 gw down changes cause=site_power uptime=86400",
        "00:30:00 gw up changes cause=site_power uptime=12",
    ],
    "now": "2026-04-20T00:00:00Z",
}
PROPOSAL = named("proposal/loc/site_power/2026-03-10T00:10:00.000Z")
OUTAGE = {"from": "2026-03-10T00:10:00.000Z", "to": "2026-03-10T00:30:00.000Z"}
NEVER_FINAL = ("--correction-horizon-days", 30_000)
BY_HAND = ("--begins", "2026-03-10T00:10:00Z", "--cause", "third_party", "--author", "ann", "--approved-by", "bob")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story"
    path.write_bytes(b"".join(lines_of(STORY)))
    return path


@pytest.fixture
def annotate(fivenines: Fivenines, story: Path) -> Fivenines:
    """A decision about the story, added to it."""

    def call(*arguments: object, to: object = story) -> Ended:
        return fivenines("annotate", *arguments, "--from", story, "--to", to, *NEVER_FINAL)

    return call


def facts(fivenines: Fivenines, story: Path, topic: str) -> list[dict[str, Any]]:
    told = fivenines("replay", "--from", story, *NEVER_FINAL).out.splitlines()
    return [fact["value"] for fact in map(json.loads, told) if fact["topic"] == topic]


def excluded_ms(fivenines: Fivenines, story: Path) -> int:
    return sum(month["excluded_ms"] for month in facts(fivenines, story, "availability"))


def proposals_open(fivenines: Fivenines, story: Path) -> list[str]:
    ended = fivenines("annotate", "list", "--from", story, *NEVER_FINAL)
    found = [json.loads(line)["value"]["proposal_id"] for line in ended.out.splitlines()]
    said = ["no proposal is open", "1 proposal is open", "2 proposals are open"][len(found)]
    assert (ended.status, ended.err) == (0, f"fivenines: {said}\n")
    return found


def to_decide(proposal: ExclusionProposal) -> dict[str, Any]:
    names = "proposal_id", "location_id", "from", "to", "cause", "evidence"
    return {name: proposal.current()[name] for name in names}


def refused(ended: Ended) -> str:
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    return ended.err.removeprefix("fivenines: ").rstrip()


def test_a_proposal_is_open_until_somebody_approves_it(fivenines: Fivenines, annotate: Fivenines, story: Path) -> None:
    assert proposals_open(fivenines, story) == [PROPOSAL]
    assert excluded_ms(fivenines, story) == 0
    ended = annotate("approve", PROPOSAL, "--approved-by", "bob")
    named_so = f"annotation {named(f'annotation/{PROPOSAL}')}, revision 1"
    said = f"{named_so}: loc from 2026-03-10T00:10:00Z to 2026-03-10T00:30:00Z"
    assert ended == Ended(0, "", f"fivenines: written: {said}, site_power, approved by bob\n")
    assert proposals_open(fivenines, story) == []
    assert excluded_ms(fivenines, story) == 20 * 60_000
    assert facts(fivenines, story, "credits") == []


def test_a_pipe_gets_what_is_to_be_decided_and_nothing_else(fivenines: Fivenines, story: Path) -> None:
    """By which terms and settings it was derived is told by a replay, and how many there are on standard error."""
    told = fivenines("replay", "--from", story, *NEVER_FINAL).out.splitlines()
    (fact,) = (line["value"] for line in map(json.loads, told) if line["topic"] == ExclusionProposal.TOPIC)
    for how in ((), ("--format", "ndjson"), ("--format", "json")):
        ended = fivenines("annotate", "list", "--from", story, *how, *NEVER_FINAL)
        (listed,) = json.loads(f"[{ended.out.strip().strip('[]')}]")
        assert list(listed) == ["topic", "key", "value"]
        assert listed["value"] == to_decide(ExclusionProposal.read(fact))
        assert next(iter(listed["value"])) == "proposal_id"
    rows = fivenines("annotate", "list", "--from", story, "--format", "csv", *NEVER_FINAL).out
    assert rows.startswith("topic,key,proposal_id,location_id,from,to,cause,evidence\n")


def test_an_approval_carries_what_it_rests_on(annotate: Fivenines) -> None:
    line = json.loads(annotate("approve", PROPOSAL, "--approved-by", "bob", to="-").out)
    said = line["value"]
    assert (line["topic"], line["key"]) == ("outage-annotations", "loc")
    assert {name: said[name] for name in ("author", "approved_by", "state", "cause", "proposal_id")} == {
        "author": "fivenines",
        "approved_by": "bob",
        "state": "approved",
        "cause": "site_power",
        "proposal_id": PROPOSAL,
    }
    assert [(each["device_id"], each["at"], each["uptime_s"]) for each in said["evidence"]] == [
        ("gw", OUTAGE["from"], 86_400.0),
        ("gw", OUTAGE["to"], 12.0),
    ]


def test_nobody_approves_what_they_proposed(annotate: Fivenines) -> None:
    ended = annotate("approve", PROPOSAL, "--author", "bob", "--approved-by", "bob")
    assert refused(ended) == (
        "the platform would refuse it (bad_value): Value error, approved_by must be another person than the author"
    )


def test_a_proposal_is_decided_once(annotate: Fivenines) -> None:
    assert annotate("approve", PROPOSAL, "--approved-by", "bob").status == 0
    name = named(f"annotation/{PROPOSAL}")
    again = annotate("approve", PROPOSAL, "--approved-by", "eve")
    assert refused(again) == f"{PROPOSAL} was decided: annotation {name}, revision 1, approved"
    assert annotate("retract", name, "--author", "eve").status == 0
    after = annotate("approve", PROPOSAL, "--approved-by", "eve")
    assert refused(after) == f"{PROPOSAL} was decided: annotation {name}, revision 2, retracted"


def test_what_nobody_proposed_cannot_be_approved(annotate: Fivenines) -> None:
    ended = annotate("approve", "p-1", "--approved-by", "bob")
    assert refused(ended) == "p-1 is no proposal that is current: see `fivenines annotate list`"


def test_what_is_taken_back_counts_again(fivenines: Fivenines, annotate: Fivenines, story: Path) -> None:
    assert annotate("add", "loc", *BY_HAND, "--id", "n-1", "--evidence", "the tower fell").status == 0
    assert excluded_ms(fivenines, story) == 20 * 60_000, "without an end it lasts until its outage ends"
    ended = annotate("retract", "n-1", "--author", "eve")
    said = "annotation n-1, revision 2: loc from 2026-03-10T00:10:00Z to the end of its outage, third_party"
    assert ended == Ended(0, "", f"fivenines: written: {said}, retracted by eve\n")
    assert excluded_ms(fivenines, story) == 0
    assert refused(annotate("retract", "n-1", "--author", "eve")) == "annotation n-1 was retracted with revision 2"
    assert refused(annotate("retract", "n-2", "--author", "eve")) == "there is no annotation n-2"


def test_an_annotation_that_is_said_anew_has_the_next_revision(
    fivenines: Fivenines, annotate: Fivenines, story: Path
) -> None:
    for revision, minutes in enumerate((5, 20), 1):
        ended = annotate("add", "loc", *BY_HAND, "--id", "n-1", "--ends", f"2026-03-10T00:{10 + minutes}:00Z")
        assert f"annotation n-1, revision {revision}: " in ended.err
        assert excluded_ms(fivenines, story) == minutes * 60_000


def test_an_annotation_without_an_id_is_a_new_one(annotate: Fivenines) -> None:
    named_so = [json.loads(annotate("add", "loc", *BY_HAND, to="-").out)["value"] for _ in range(2)]
    assert len({said["annotation_id"] for said in named_so} | {said["id"] for said in named_so}) == 4
    assert {said["revision"] for said in named_so} == {1}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("nowhere", *BY_HAND), "there is no location nowhere: the registry has none, and none was ever heard of"),
        (
            ("loc", *BY_HAND, "--ends", "2026-03-10T00:10:00Z"),
            "the platform would refuse it (bad_value): Value error, to must be later than from",
        ),
        (("loc", *BY_HAND, "--cause", "aliens"), "the platform would refuse it (bad_value): cause: Input should be "),
        (("loc", *BY_HAND, "--begins", "noon"), "the platform would refuse it (bad_value): from: "),
        (("loc", *BY_HAND, "--author", ""), "the platform would refuse it (bad_value): author: "),
    ],
)
def test_what_the_platform_would_refuse_is_not_written(
    annotate: Fivenines, story: Path, said: tuple[str, ...], why: str
) -> None:
    before = story.read_bytes()
    assert refused(annotate("add", *said)).startswith(why)
    assert story.read_bytes() == before


def test_a_month_that_is_final_is_not_annotated(fivenines: Fivenines, story: Path) -> None:
    hours = ("--begins", "2020-03-10T00:10:00Z", "--ends", "2020-03-10T00:20:00Z")
    ended = fivenines("annotate", "add", "loc", *BY_HAND, *hours, "--from", story, "--to", story)
    assert refused(ended).startswith("the platform would refuse it (too_late): months before ")


def test_an_annotation_stays_with_its_location(annotate: Fivenines, story: Path) -> None:
    with story.open("ab") as file:
        file.writelines(lines_of({"samples": ["00:00:00 x up changes at=other"]}))
    assert annotate("add", "loc", *BY_HAND, "--id", "n-1").status == 0
    assert refused(annotate("add", "other", *BY_HAND, "--id", "n-1")) == "annotation n-1 is about loc, not other"


def test_an_annotation_of_several_locations_is_taken_back_where_it_is_said(annotate: Fivenines, story: Path) -> None:
    notes = [{"location": each, "id": "n-1", "from": "00:10:00"} for each in ("loc", "other")]
    with story.open("ab") as file:
        file.writelines(lines_of({"annotations": notes}))
    both = refused(annotate("retract", "n-1", "--author", "eve"))
    assert both == "there is an annotation n-1 of each of loc, other: say which"
    assert ": other from" in annotate("retract", "n-1", "--author", "eve", "--location", "other").err


def test_by_hand_a_line_is_written_without_asking_anybody(fivenines: Fivenines) -> None:
    ended = fivenines("annotate", "add", "anywhere", *BY_HAND, "--to", "-", *NEVER_FINAL)
    assert ended.status == 0
    assert json.loads(ended.out)["key"] == "anywhere"


def test_what_a_file_knows_is_not_decided_on_a_platform(fivenines: Fivenines, story: Path) -> None:
    ended = fivenines("annotate", "approve", PROPOSAL, "--approved-by", "bob", "--from", story)
    assert refused(ended) == f"what is known from {story} is decided in a file: say --to"


def test_a_file_that_cannot_be_written_is_named(annotate: Fivenines, tmp_path: Path) -> None:
    ended = annotate("approve", PROPOSAL, "--approved-by", "bob", to=tmp_path)
    assert refused(ended) == f"{tmp_path}: Is a directory"


def test_a_location_is_all_that_is_listed_where_one_is_named(fivenines: Fivenines, story: Path) -> None:
    for location, found in (("loc", 1), ("elsewhere", 0)):
        ended = fivenines("annotate", "list", "--from", story, "--location", location)
        assert len(ended.out.splitlines()) == found


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_on_a_platform_what_is_approved_is_excluded_and_what_is_retracted_counts(
    fivenines: Fivenines, tmp_path: Path, story: Path
) -> None:
    data = tmp_path / "data"
    with Platform(
        read_settings({"data": str(data), "partitions": "2", "correction_horizon_days": "30000"})
    ) as platform:
        on = ("--data", data)
        lines = story.read_bytes() + b"".join(_ticks())
        story.write_bytes(lines)
        assert fivenines("publish", story, *on).status == 0
        settle(platform)
        with connected(platform.servers.clickhouse) as client:
            (proposal,) = current_facts(client, ExclusionProposal)
        assert proposal.proposal_id == PROPOSAL
        listed = fivenines("annotate", "list", *on)
        assert [json.loads(line)["value"] for line in listed.out.splitlines()] == [to_decide(proposal)]
        unknown = fivenines("annotate", "add", "nowhere", *BY_HAND, *on)
        assert refused(unknown).startswith("there is no location nowhere")

        assert fivenines("annotate", "approve", PROPOSAL, "--approved-by", "bob", *on).status == 0
        assert _excluded_on(platform) == 20 * 60_000
        assert fivenines("annotate", "list", *on) == Ended(0, "", "fivenines: no proposal is open\n")
        again = fivenines("annotate", "approve", PROPOSAL, "--approved-by", "eve", *on)
        assert refused(again).startswith(f"{PROPOSAL} was decided: ")

        name = named(f"annotation/{PROPOSAL}")
        assert fivenines("annotate", "retract", name, "--author", "eve", *on).status == 0
        assert _excluded_on(platform) == 0
        for source in ("kafka", "archive"):
            audit = fivenines("replay", "--from", source, "--diff", *on)
            assert audit.status == 0, audit.out


def _ticks() -> list[bytes]:
    """The clock of every partition."""
    at = "2026-04-20T00:00:00.000Z"
    return [encode_line("device-heartbeats", None, {"id": "t", "collector_id": "c", "occurred_at": at})]


def _excluded_on(platform: Platform) -> int:
    """Of all months that the platform tells, once it has told all there is."""
    settle(platform)
    deadline, before = time.monotonic() + 30, -1
    while True:
        with connected(platform.servers.clickhouse) as client:
            found = sum(month.excluded_ms for month in current_facts(client, Availability))
        if found == before or time.monotonic() > deadline:
            return found
        before = found
        time.sleep(1)
