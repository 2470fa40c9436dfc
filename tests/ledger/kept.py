"""Books over logs in memory: processes that end wherever a test wants, and what their transactions left behind."""

from collections import Counter, defaultdict
from random import Random

from schemas.events import Heartbeat, RegistryRecord, TicketEvent
from schemas.facts import Availability, BillingCredit, DeadLetter, Fact, Progress
from schemas.facts.fact import named
from schemas.terms.book import Book
from schemas.wire import encode_event
from streams.engine import Position
from streams.folds.availability import Availabilities
from streams.folds.outages import Outages
from streams.folds.states import States
from streams.folds.world import World
from streams.ledger.books import Batch, Books
from streams.ledger.transactions import encode
from streams.messages import Message
from tests.laws.runs import chain_of
from tests.laws.strategies import Recording, Step

UPSTREAM = (States, Outages, Availabilities)


class Logs:
    """Messages by topic, as Kafka has them; every topic in one partition."""

    def __init__(self) -> None:
        self._ends: dict[str, int] = defaultdict(int)
        self.messages: list[Message] = []

    def append(self, topic: str, key: str | None, value: bytes, at: int = 0) -> None:
        offset = self._ends[topic]
        self._ends[topic] = offset + 1
        self.messages.append(Message(topic, 0, offset, None if key is None else key.encode(), value, (), at))


def logs_of(recording: Recording, steps: list[Step]) -> Logs:
    """What the ledger reads when these events arrive one after the other: months as decide tells them, progress,
    tickets and the registry."""
    logs, chain = Logs(), chain_of(recording, UPSTREAM)
    told: dict[int, tuple[int, int]] = {}
    for place, (event, partition) in enumerate(steps, 1):
        if isinstance(event, RegistryRecord | TicketEvent):
            logs.append(event.TOPIC, event.key, encode_event(event), event.dated or 0)
        for fact in chain.take(event, partition, Position(place)):
            if isinstance(fact, Availability):
                logs.append(fact.TOPIC, fact.key, encode(fact.written()))
        for number, clock in chain.world.clocks.items():
            if clock.time is None:
                continue
            time = clock.time, clock.time if clock.first_tick is None else clock.first_tick
            if told.get(number or 0) != time:
                told[number or 0] = time
                progress = Progress(
                    topic=Heartbeat.TOPIC, partition=number or 0, through=time[0], first=time[1], version=place
                )
                logs.append(progress.TOPIC, None, encode(progress.written()))
    return logs


class Keeper:
    """One process after the other keeps the books; each goes on from what stands in the saved state."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.book = recording.book
        self.saved: dict[bytes, bytes] = {}
        self.facts: list[Fact] = []
        self.letters: list[DeadLetter] = []

    def begin(self, logs: Logs, *, holds: bool = False) -> Books:
        """A process that starts: it reads all of the saved state, and the registry as far as it stands."""
        world = World(self.book, self._recording.settings)
        books = Books(world, lambda location_id: self._recording.partition_of(location_id) or 0, holds=holds)
        for key, value in self.saved.items():
            books.restore(key, value)
        for message in logs.messages:
            if message.topic == RegistryRecord.TOPIC:
                books.register(message)
        books.begin()
        return books

    def commit(self, batch: Batch, books: Books) -> None:
        """The transaction: all of it, with how far the input was read."""
        self.facts += batch.facts
        self.letters += batch.letters
        for key, value in (*batch.records.items(), books.position()):
            self.saved.pop(key, None)
            if value is not None:
                self.saved[key] = value

    def run(self, logs: Logs, chance: Random, *, crashes: int) -> Books:
        """Read all, in batches of any size; a process dies now and then before its transaction, or after it."""
        left = crashes
        while True:
            books = self.begin(logs)
            rest = [message for message in logs.messages if message.topic != RegistryRecord.TOPIC]
            while rest:
                size = chance.randint(1, 12)
                for message in rest[:size]:
                    books.take(message)
                del rest[:size]
                batch = books.settle()
                dies = left > 0 and not chance.randrange(6)
                if not dies or chance.randrange(2):
                    self.commit(batch, books)
                if dies:
                    left -= 1
                    break
            else:
                self.commit(books.settle(), books)
                return books


def chains(facts: list[Fact]) -> dict[tuple[str, str, str], list[BillingCredit]]:
    """The entries of the ledger, by chain, in the order in which they were written."""
    found: dict[tuple[str, str, str], list[BillingCredit]] = defaultdict(list)
    for entry in facts:
        if isinstance(entry, BillingCredit):
            found[entry.account_id, entry.location_id, entry.month].append(entry)
    return found


def keeps_its_rules(facts: list[Fact], book: Book) -> None:
    """The ledger's own, entry by entry: no id twice; in each chain every place once, in order, each entry correcting
    the one before; after each, the days are such as the terms give, and its type says what became of them."""
    ids = Counter(entry.id for entry in facts if isinstance(entry, BillingCredit))
    assert set(ids.values()) <= {1}
    sums = {0, *(tier.days for terms in book.files for tier in terms.credits.tiers)}
    for (account_id, location_id, month), chain in chains(facts).items():
        days, before = 0, None
        for n, entry in enumerate(chain, 1):
            assert (entry.n, entry.corrects) == (n, before)
            assert entry.id == named(f"billing/{account_id}/{location_id}/{month}/{n}")
            days, before = days + entry.days, entry.id
            assert entry.days
            assert days in sums
            assert entry.type == ("credit.issued" if n == 1 else "credit.adjusted" if days else "credit.reversed")
