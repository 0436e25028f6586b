"""The five services in one process: their own engines, handlers and rules, over stores and a log in memory, on a clock moved by hand.

Whatever the broker, the machine and the relay may do between two commits is a method here. Nothing happens by itself.
"""

from collections.abc import Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from services.deadlines import loop
from services.deadlines.watermark import Watermarks
from services.intake.refusals import Refused as RefusedByIntake
from services.routing.desk.refusals import Refused as RefusedByRouting
from shared.contracts.base import iso
from shared.contracts.registry import DIRECTORY, INTAKE, ROUTING, TOPICS
from shared.messaging.codec import decode
from shared.messaging.engine import Engine, Stop
from shared.messaging.murmur import partition_of
from shared.messaging.positions import Place
from shared.messaging.records import Decoded, Outgoing, RawRecord
from shared.messaging.spec import Spec
from shared.messaging.tx import Tx
from tests.messaging.deeds import Deed
from tests.messaging.histories import BEGIN
from tests.messaging.memory import Crash, Memory, run
from tests.support.apps import service_named
from tests.support.lives import noria

SERVICES = ("intake", "routing", "deadlines", "notifications", "stats")
PARTITIONS = 2
GRACE = timedelta(minutes=15)
BEFORE, AFTER = "before", "after"
UNREADABLE = b"{"
Refused = (RefusedByIntake, RefusedByRouting)


class Step(NamedTuple):
    """What one transaction of a service was given: to be done again on a real store.

    `what`: the records of a batch (cut: of one that was rolled back), a deed, what time did (ids, until), a record replayed.
    """

    service: str
    now: datetime
    kind: str
    what: Any


class Sent(NamedTuple):
    raw: RawRecord
    at: datetime


@dataclass
class Reading:
    """Where the broker would go on, and where it was last told that the group is: what the engine knows as its subscription."""

    fetch: dict[Place, int]
    committed: dict[Place, int]

    def rewind(self, place: Place, offset: int) -> None:
        self.fetch[place] = offset

    async def commit(self, ends: dict[Place, int]) -> None:
        self.committed |= ends


class Simulated:
    """One service: its store, two replicas, and who reads which partition. What the engine takes from a Node, it takes from here."""

    def __init__(self, name: str, world: "World") -> None:
        self.name, self.world, self.clock, self.observer = name, world, world, world
        self.spec = _spec(name)
        self.topics = [topic for topic in self.spec.topics if topic != DIRECTORY]
        self.consumer = f"{name}.main"
        self.db = Memory()
        self.reading = Reading({}, {})
        self.owner = dict.fromkeys(range(PARTITIONS), 0)
        self.stopped: list[Stop] = []
        self.engines = [self._engine(), self._engine()]

    @property
    def state(self) -> Any:
        return self.db.state

    async def get(self) -> Any:
        return noria()

    async def run(self, work: Any) -> Any:
        async with self.db.begin() as conn:
            tx = Tx(conn, self.name, self.clock.now(), noria())  # type: ignore[arg-type]
            done = await work(tx)
            await tx.flush()
        return done

    @asynccontextmanager
    async def read(self) -> Any:
        yield self.db.state

    def places(self, replica: int) -> list[Place]:
        return [(topic, n) for topic in self.topics for n in range(PARTITIONS) if self.owner[n] == replica]

    def waiting(self, replica: int, most: int, topics: Sequence[str]) -> list[RawRecord]:
        """What the broker has for a replica, in each partition at most so many records."""
        mine = [place for place in self.places(replica) if place[0] in topics]
        return [raw for place in mine for raw in self.world.slice(place, self.reading.fetch.get(place, 0), most)]

    def batch(self, replica: int, records: Sequence[RawRecord]) -> None:
        run(self.engines[replica].batch(records))
        assert not self.stopped, self.stopped

    def restart(self, replica: int) -> None:
        self.engines[replica] = self._engine()

    def _engine(self) -> Engine:
        db: Any = self.db
        cache: Any = self
        engine = Engine(self.spec, self.consumer, db, self.clock, cache, lambda tells: None, self.stopped.append)
        engine.subscription = self.reading  # type: ignore[assignment]
        return engine


class World:
    """All five, the log between them, and legal time."""

    mode = "simulated"

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.time = BEGIN
        self.log: dict[Place, list[Sent]] = {(topic, n): [] for topic in TOPICS for n in range(PARTITIONS)}
        self.services = {name: Simulated(name, self) for name in SERVICES}
        self.marks = Watermarks(GRACE, 0)
        self.parked: list[tuple[str, Place, int]] = []
        self.parked_ever: set[tuple[str, Place, int]] = set()
        self.steps: list[Step] = []
        self.accepted: list[tuple[str, UUID, Any]] = []

    def now(self) -> datetime:
        return self.time

    def slice(self, place: Place, start: int, most: int) -> list[RawRecord]:
        return [sent.raw for sent in self.log[place][start : start + most]]

    async def ends(self, places: Sequence[Place]) -> dict[Place, int]:
        return {place: len(self.log[place]) for place in places}

    def do(self, service: str, deed: Deed, dies: str | None = None) -> bool:
        """One act of a person; False where it was refused, or cut before its commit."""
        at = self.services[service]
        at.db.dies = dies
        try:
            run(at.run(deed))
        except Refused:
            at.db.dies = None
            return False
        except Crash:
            self.marks = Watermarks(GRACE, 0) if service == "deadlines" else self.marks
            if dies == BEFORE:
                return False
        self._step(service, "deed", deed)
        return True

    def relay(self, service: str, most: int, *, dies: bool = False) -> int:
        """The oldest rows of an outbox go to the log. One that dies before it deletes them sends them again."""
        state = self.services[service].state
        rows = sorted(state.outbox.items())[:most]
        for n, row in rows:
            if not (row.private and row.value is not None and row.complaint_id in state.erased):
                self._append(row)
            if not dies:
                del state.outbox[n]
        return len(rows)

    def _append(self, row: Outgoing) -> None:
        place = row.topic, partition_of(row.key) % PARTITIONS
        headers = tuple((name, value.encode()) for name, value in row.headers.items())
        raw = RawRecord(*place, len(self.log[place]), row.key.encode(), row.value, headers)
        self.log[place].append(Sent(raw, self.time))

    def deliver(
        self, service: str, replica: int, most: int, topics: Sequence[str], *, dies: str | None = None, poison: int | None = None
    ) -> int:
        """A batch for one replica. `poison`: its record with this number cannot be read by the release that runs now."""
        at = self.services[service]
        records = at.waiting(replica, most, topics)
        if poison is not None and records:
            records = [_unreadable(raw) if n == poison % len(records) else raw for n, raw in enumerate(records)]
        self._batch(at, replica, records, dies)
        return len(records)

    def redeliver(self, service: str, replica: int, back: int, most: int) -> None:
        """A batch that was fetched before a rebalance, or from an older position, reaches a replica that may own nothing any more."""
        at, records = self.services[service], []
        for place in [(topic, n) for topic in at.topics for n in range(PARTITIONS)]:
            position = at.state.positions.get(place)
            start = max(0, (position.next_offset if position else 0) - back)
            records += self.slice(place, start, most)
        fetch = dict(at.reading.fetch)
        self._batch(at, replica, records, None)
        at.reading.fetch = fetch

    def _batch(self, at: Simulated, replica: int, records: Sequence[RawRecord], dies: str | None) -> None:
        if not records:
            return
        at.db.dies = dies
        try:
            at.batch(replica, records)
        except Crash:
            at.restart(replica)
            at.reading.fetch = dict(at.reading.committed)
        else:
            at.reading.fetch |= {raw.place: raw.offset + 1 for raw in records}
        at.db.dies = None
        new = {(at.name, place, offset) for place, offset in at.state.dead} - self.parked_ever
        self.parked += sorted(new)
        self.parked_ever |= new
        self._step(at.name, "cut" if dies == BEFORE else "batch", tuple(records))

    def rebalance(self, service: str, partition: int, *, told: bool) -> None:
        """A partition moves to the other replica. Not told: its first batch comes before the callback that seeks to the stored position."""
        at = self.services[service]
        at.owner[partition] = 1 - at.owner[partition]
        places = {(topic, partition) for topic in at.topics}
        for place in places:
            at.reading.fetch[place] = at.reading.committed.get(place, 0)
        if told:
            run(at.engines[at.owner[partition]].assigned(places))

    def replay(self) -> bool:
        """The next release can read what was parked first: an operator replays it. False where nothing is parked."""
        while self.parked:
            service, place, offset = self.parked.pop(0)
            at, raw = self.services[service], self.log[place][offset].raw
            if (place, offset) not in at.state.dead:
                continue
            run(at.engines[0].replay(raw))
            at.state.dead.pop((place, offset), None)
            self._step(service, "replay", raw)
            return True
        return False

    def advance(self, by: timedelta) -> None:
        self.time += by

    def watch(self, *, dies: bool = False) -> None:
        """One round of the loop that lets time act. One that dies does so before its first commit, and begins anew."""
        at = self.services["deadlines"]
        node: Any = at
        run(loop.look(node, self.marks, [(topic, n) for topic in (INTAKE, ROUTING) for n in range(PARTITIONS)]))
        due = [(at.state.deadlines_due(n, until, loop.CHUNK), until) for n, until in self.marks.until.items()]
        at.db.dies = BEFORE if dies else None
        with suppress(Crash):
            run(loop.fire_each(node, self.marks, sorted(self.marks.until)))
        at.db.dies = None
        if dies:
            self.marks = Watermarks(GRACE, 0)
            return
        for ids, until in due:
            if ids:
                self._step("deadlines", "fire", (tuple(ids), until))

    def settle(self) -> None:
        """Everything flows until nothing is left to flow; what is parked stays so."""
        while any([self.relay(name, 1000) for name in SERVICES] + [self._drain(at) for at in self.services.values()]):
            pass

    def rest(self) -> None:
        """Everything arrives, what was parked is replayed, and time has done what it had to."""
        self.settle()
        while self.replay():
            self.settle()
        self.advance(GRACE)
        for _ in range(3):
            self.watch()
            self.settle()
        self.watch()

    def _drain(self, at: Simulated) -> int:
        return sum(self.deliver(at.name, replica, 1000, at.topics) for replica in (0, 1))

    def _step(self, service: str, kind: str, what: Any) -> None:
        self.steps.append(Step(service, self.time, kind, what))

    def __str__(self) -> str:
        return "\n".join(f"{iso(step.now)} {step.service} {step.kind} {_named(step)}" for step in self.steps)


@lru_cache(maxsize=10_000)
def read(raw: RawRecord) -> Decoded:
    """A record's meaning, read once for all who read it."""
    return decode(raw)


@cache
def _spec(name: str) -> Spec:
    found = service_named(name)
    # Legal time says nothing of how old a notice is for the machine: at this speed nothing is.
    clock = f"sim:{iso(BEGIN)},0.0,1e12"
    return found.spec(found.settings(database_url="postgresql://nowhere", clock=clock, **_MORE.get(name, {})))


_MORE: dict[str, dict[str, Any]] = {"intake": {"secret_key": "k" * 32}, "notifications": {"mail_dir": "/nowhere"}}


def _unreadable(raw: RawRecord) -> RawRecord:
    return replace(raw, value=UNREADABLE) if raw.value is not None else raw


def _named(step: Step) -> str:
    if step.kind in ("batch", "cut"):
        return " ".join(f"{raw.topic}/{raw.partition}:{raw.offset}" for raw in step.what)
    return str(step.what)
