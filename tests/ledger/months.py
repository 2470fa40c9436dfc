"""Months as everybody tells them at once: short outages, some reported weeks late; what people annotate, and register;
and what customers claim for them."""

from random import Random
from typing import Any

from schemas import times
from schemas.derivation import DAY_MS
from schemas.partitioner import murmur2_partition
from tests.decide.story import STEP_MS, Story, Teller

MINUTE_MS = 60_000
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
MINUTES = (5, 15, 31, 61, 121, 250)
"""How long an outage lasts."""


def months(seed: int) -> Story:
    """A hundred days of a dozen locations: four months close in them, and none is final."""
    return _Months(seed).story


class _Months(Teller):
    def __init__(self, seed: int) -> None:
        self.desk = Random(f"desk {seed}")
        self.account_of: dict[str, str] = {}
        self.outages: list[tuple[str, int, int]] = []
        self.judged: list[dict[str, Any]] = []
        self.claims = 0
        super().__init__(seed, locations=15, partitions=3, days=100, reports=0.025, notes=0.25)

    def step(self, now: int) -> None:
        super().step(now)
        if self.outages and self.desk.random() < 0.6:
            self.judge(now)
        if self.desk.random() < 0.4:
            self.claim(now)

    def report(self, name: str, now: int) -> None:
        """An outage that is over. One in three was kept by a device that nobody could reach for weeks."""
        chance = self.random
        minutes, late = chance.choice(MINUTES), not chance.randrange(3)
        down = now - (chance.randrange(50 * DAY_MS) if late else chance.randrange(STEP_MS)) - minutes * MINUTE_MS
        up = down + minutes * MINUTE_MS
        self.sample(name, down, "down", now, now)
        self.sample(name, up, "up", now, now)
        self.outages.append((name, down, up))

    def judge(self, now: int) -> None:
        """Somebody says why an outage was, at any time afterwards, or takes that back, or says it again."""
        desk = self.desk
        if self.judged and desk.randrange(2):
            before = desk.choice(self.judged)
            value = before | {"revision": before["revision"] + 1}
            value["state"] = "retracted" if before["state"] == "approved" else "approved"
            self.judged.remove(before)
        else:
            name, down, up = desk.choice(self.outages)
            value = {"annotation_id": f"j{now}", "revision": 1, "location_id": name, "author": "noc"}
            value |= {"from": times.render(down), "to": times.render(up), "cause": "site_power", "state": "approved"}
        value |= {"id": f"j{now}", "recorded_at": times.render(now)}
        self.judged.append(value)
        name = value["location_id"]
        self.story.add("outage-annotations", self.story.partition_of(name), name, value, now)

    def register(self, name: str, account: str, since: int, now: int) -> None:
        super().register(name, account, since, now)
        self.account_of[name] = account

    def claim(self, now: int) -> None:
        """Most are in order; some by telephone, in somebody else's name, or to be completed; most are answered."""
        desk, self.claims = self.desk, self.claims + 1
        name, month = desk.choice(self.names), desk.choice(MONTHS)
        account, kind = self.account_of[name], desk.randrange(8)
        said: dict[str, Any] = {"location_id": name, "month": month}
        if kind == 0:
            said["channel"] = "phone"
        elif kind == 1:
            account = "account-x"
        elif kind == 2:
            del said["month"]
            self.ticket(account, now + DAY_MS, "note_added", actor="customer", month=month)
        self.ticket(account, now, "created", actor="customer", ticket_type="credit_claim", **said)
        if desk.randrange(4):
            answered = now + desk.randrange(3 * DAY_MS)
            self.ticket(account, answered, "responded", actor="agent", is_public=True)

    def ticket(self, account: str, at: int, event_type: str, **fields: Any) -> None:
        value = {
            "id": f"C{self.claims}/{event_type}",
            "ticket_id": f"C{self.claims}",
            "account_id": account,
            "occurred_at": times.render(at),
            "received_at": times.render(at),
            "event_type": event_type,
            **fields,
        }
        self.story.add("tickets", murmur2_partition(account.encode(), self.story.partitions), account, value, at)
