"""Stores in memory: what each service's SQL keeps, as dicts. Everything above the SQL is the services' own code.

A transaction works on a copy, which takes the place of what was there, or not: so it may be cut right before its commit, or
right after it, as a process is that dies.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

import pytest
from pydantic import TypeAdapter

import services.deadlines.store
import services.notifications.store
import services.routing.store
import services.routing.triage.store
import services.routing.work.search_store
import services.stats.store
from services.deadlines.models import ClockRow
from services.deadlines.store import Ripe
from services.notifications.models import SUPERSEDED, Outcome
from services.notifications.notice import WAITING, Entry, notice_id
from services.notifications.store import NewNotice
from services.routing.desk.reactions import left_in_triage
from services.routing.models import CaseRow
from services.routing.triage.store import Decided, RuleSet
from services.stats.domain import FactRow
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import PRIVATE_TOPICS
from shared.contracts.states import Clocks
from shared.messaging import dead_letters, directory, engine, outbox, positions, private, registers, telling
from shared.messaging.codec import decode
from shared.messaging.positions import Place, Position
from shared.messaging.records import Outgoing, PrivateChange, RawRecord
from shared.messaging.registers import FACT_OF, WRITERS, Change, Registers
from shared.messaging.telling import Told
from tests.support.desk import noria_pack
from tests.support.known import after
from tests.support.lives import noria

T = TypeVar("T")
_CLOCKS = TypeAdapter(Clocks)
MODULES = {
    registers: ("upsert", "put", "load", "find"),
    private: ("upsert", "delete", "one", "locked", "erase", "erased"),
    outbox: ("insert", "delete_private"),
    positions: ("claim", "claim_through", "advance", "renew", "read"),
    dead_letters: ("park",),
    directory: ("upsert", "load"),
    telling: ("tell",),
    services.routing.store: ("put_cases", "put_decided", "forget"),
    services.routing.triage.store: ("rule_set", "put_decisions", "waiting_for_words", "unprinted", "put_prints", "forget"),
    services.routing.work.search_store: ("index", "drop"),
    services.deadlines.store: ("replace", "restored", "claim", "ripe", "due", "lock_ripe", "move"),
    services.notifications.store: ("ledger", "write", "drop", "wake", "mark_told", "settle"),
    services.stats.store: ("upsert",),
}
"""The functions that a store in memory has instead of SQL."""


class Crash(BaseException):
    """The process is gone; nothing in it may catch this."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs what never waits, since nothing here does."""
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    raise AssertionError("there is nothing to wait for in memory")


@dataclass(frozen=True)
class Notice:
    """A row of the delivery ledger."""

    id: UUID
    complaint_id: UUID
    entry: Entry
    reason: str | None = None

    @property
    def waits(self) -> bool:
        return self.entry.state in WAITING


class State:
    """The rows of one store, and, under the names of MODULES, what the SQL of these functions does."""

    def __init__(self) -> None:
        self.registers: dict[UUID, Registers] = {}
        self.private: dict[tuple[str, UUID], Private] = {}
        self.erased: dict[UUID, datetime] = {}
        self.outbox: dict[int, Outgoing] = {}
        self.told: list[Outgoing] = []
        self.positions: dict[Place, Position] = {}
        self.dead: dict[tuple[Place, int], RawRecord] = {}
        self.cases: dict[UUID, CaseRow] = {}
        self.clocks: dict[UUID, tuple[ClockRow, ...]] = {}
        self.notices: dict[UUID, Notice] = {}
        self.facts: dict[UUID, FactRow] = {}

    def copy(self) -> "State":
        made = State()
        made.__dict__.update({name: rows.copy() for name, rows in vars(self).items()})
        return made

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        before = self.copy()
        try:
            yield
        except Exception:
            vars(self).update(vars(before))
            raise

    def registers_upsert(self, rows: Sequence[Registers]) -> list[Change]:
        return [change for row in sorted(rows, key=lambda row: row.complaint_id) if (change := self._fold(row))]

    def registers_put(self, rows: Sequence[Registers]) -> None:
        self.registers_upsert(rows)

    def _fold(self, row: Registers) -> Change | None:
        before = self.registers.get(row.complaint_id)
        after = before or Registers.new(row.header, row.partition)
        for writer in WRITERS:
            if row.version(writer) > after.version(writer):
                after = after.with_state(writer, getattr(row, writer), row.version(writer))
        if after == before:
            return None
        self.registers[row.complaint_id] = after
        return Change(row.complaint_id, after)

    def registers_load(self, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, Registers]:
        return {id: self.registers[id] for id in sorted(ids) if id in self.registers}

    def registers_find(self, reference: str, *, lock: bool) -> Registers | None:
        return next((known for known in self.registers.values() if known.header.reference == reference), None)

    def private_upsert(self, docs: Sequence[tuple[str, Private]]) -> list[PrivateChange]:
        changes = {}
        for topic, doc in docs:
            stored = self.private.get((topic, doc.complaint_id))
            if doc.complaint_id not in self.erased and (stored is None or doc.version > stored.version):
                self.private[topic, doc.complaint_id] = doc
                changes[topic, doc.complaint_id] = PrivateChange(topic, doc.complaint_id, doc)
        return list(changes.values())

    def private_delete(self, gone: Sequence[tuple[str, UUID]]) -> list[PrivateChange]:
        self._unpark({(topic, str(id).encode()) for topic, id in gone})
        return [PrivateChange(topic, id, None) for topic, id in gone if self.private.pop((topic, id), None)]

    def private_one(self, topic: str, id: UUID) -> tuple[Private | None, bool]:
        return self.private.get((topic, id)), id in self.erased

    def private_locked(self, topic: str, id: UUID) -> tuple[Registers, Private] | None:
        known, doc = self.registers.get(id), self.private.get((topic, id))
        return (known, doc) if known and doc else None

    def private_erase(self, ids: Sequence[UUID], at: datetime) -> set[UUID]:
        new = set(ids) - self.erased.keys()
        self.erased |= dict.fromkeys(new, at)
        self.private = {key: doc for key, doc in self.private.items() if key[1] not in ids}
        self._unpark({(topic, str(id).encode()) for topic in PRIVATE_TOPICS for id in ids})
        return new

    def _unpark(self, documents: set[tuple[str, bytes]]) -> None:
        self.dead = {at: raw for at, raw in self.dead.items() if (raw.topic, raw.key) not in documents}

    def private_erased(self, ids: Sequence[UUID]) -> set[UUID]:
        return set(ids) & self.erased.keys()

    def outbox_insert(self, rows: Sequence[Outgoing]) -> None:
        for row in rows:
            self.told.append(row)
            self.outbox[len(self.told)] = row

    def outbox_delete_private(self, ids: Sequence[UUID]) -> None:
        self.outbox = {n: r for n, r in self.outbox.items() if not (r.private and r.value is not None and r.complaint_id in ids)}

    def positions_claim(self, consumer: str, places: Iterable[Place], ids: Mapping[str, str]) -> dict[Place, Position]:
        return {place: self.positions.setdefault(place, Position(0)) for place in sorted(places)}

    def positions_claim_through(
        self, consumer: str, stretches: Mapping[Place, tuple[int, int]], ids: Mapping[str, str]
    ) -> dict[Place, Position]:
        held = self.positions_claim(consumer, stretches, ids)
        for place, (first, next) in stretches.items():
            if first <= held[place].next_offset < next:
                self.positions[place] = Position(next)
        return held

    def positions_advance(self, consumer: str, reached: Mapping[Place, Position]) -> None:
        for place, to in reached.items():
            self.positions[place] = Position(max(to.next_offset, self.positions[place].next_offset), to.bad_in_row)

    def positions_renew(self, consumer: str, ids: Mapping[str, str]) -> int:
        return 0

    def positions_read(self, consumer: str) -> dict[Place, int]:
        return {place: position.next_offset for place, position in self.positions.items()}

    def dead_letters_park(self, consumer: str, raw: RawRecord, reason: str) -> None:
        if raw.topic not in PRIVATE_TOPICS or UUID((raw.key or b"").decode()) not in self.erased:
            self.dead[raw.place, raw.offset] = raw

    def directory_upsert(self, records: Sequence[Any]) -> list[Any]:
        assert not records, "the directory is there from the start"
        return []

    def directory_load(self) -> Any:
        return noria()

    def telling_tell(self, writer: str, told: Sequence[Told], documents: Sequence[Outgoing] = ()) -> None:
        for one in told:
            assert one.record.value
            fact = FACT_OF[writer].model_validate_json(one.record.value)
            self.registers_upsert([after(Registers.new(fact.complaint, one.partition), fact)])
        docs = [(r.topic, PRIVATE_TOPICS[r.topic].model_validate_json(r.value or b"")) for r in documents]
        stored = {(change.topic, change.complaint_id) for change in self.private_upsert(docs)}
        self.outbox_insert([one.record for one in told] + [r for r in documents if (r.topic, r.complaint_id) in stored])

    def routing_put_cases(self, rows: Sequence[CaseRow]) -> None:
        self.cases |= {row.complaint_id: row for row in rows}

    def routing_put_decided(self, row: CaseRow, entry: Any) -> None:
        """The audit is read by people alone."""
        self.routing_put_cases([row])

    def search_store_index(self, papers: Sequence[Any]) -> None:
        """The search is asked by people alone."""

    def search_store_drop(self, ids: Sequence[UUID]) -> None:
        """As index."""

    def routing_forget(self, ids: Sequence[UUID]) -> None:
        """Notes and drafts are read by people alone."""

    def triage_rule_set(self) -> RuleSet:
        return RuleSet(1, noria_pack().rules)

    def triage_put_decisions(self, rows: Sequence[Decided]) -> None:
        """Why a case went where is read by people alone."""

    def triage_waiting_for_words(self, ids: Sequence[UUID]) -> list[UUID]:
        known = [self.registers[id] for id in ids if id in self.registers]
        return [r.complaint_id for r in known if r.intake_version and (r.routing is None or left_in_triage(r.routing))]

    def triage_unprinted(self, ids: Sequence[UUID]) -> list[Any]:
        """Prints are compared for people alone."""
        return []

    def triage_put_prints(self, prints: Sequence[Any]) -> None:
        assert not prints

    def triage_forget(self, ids: Sequence[UUID]) -> None:
        """Nothing is kept of anybody's words."""

    def deadlines_replace(self, ids: Iterable[UUID], rows: Sequence[ClockRow]) -> None:
        self.clocks |= {id: tuple(row for row in rows if row.complaint_id == id) for id in ids}

    def deadlines_restored(self, ids: Sequence[UUID]) -> list[UUID]:
        """No store here is an older copy of itself."""
        return []

    def deadlines_claim(self, partition: int = -1) -> bool:
        return True

    def deadlines_ripe(self, until: Mapping[int, datetime]) -> list[int]:
        return sorted(partition for partition, at in until.items() if self.deadlines_due(partition, at, 1))

    def deadlines_due(self, partition: int, until: datetime, most: int) -> list[UUID]:
        due = [
            (at, row.complaint_id) for rows in self.clocks.values() for row in rows if row.partition == partition and (at := fires_at(row))
        ]
        return list(dict.fromkeys(id for at, id in sorted(due) if at <= until))[:most]

    def deadlines_lock_ripe(self, ids: Sequence[UUID], until: datetime) -> list[Ripe]:
        return [self._ripe(self.registers[id], until) for id in sorted(ids)]

    def _ripe(self, known: Registers, until: datetime) -> Ripe:
        rows = sorted((row for row in self.clocks[known.complaint_id] if (at := fires_at(row)) and at <= until), key=attrgetter("code"))
        header, clocks = known.header, _CLOCKS.dump_json(known.deadlines or (), by_alias=True).decode()
        named = (header.reference, header.procedure, header.recorded_at, header.model_dump_json())
        return Ripe(rows, known.complaint_id, known.partition, *named, clocks, known.deadlines_version)

    def deadlines_move(self, rows: Sequence[ClockRow]) -> None:
        for new in rows:
            held = self.clocks[new.complaint_id]
            self.clocks[new.complaint_id] = tuple(new if row.code == new.code else row for row in held)

    def notifications_ledger(self, ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
        return {id: [notice.entry for notice in self.notices.values() if notice.complaint_id == id] for id in ids}

    def notifications_write(self, notices: Sequence[NewNotice]) -> None:
        for new in notices:
            intent, id = new.intent, notice_id(new.complaint_id, new.intent.key)
            state = "held" if intent.held else "pending"
            entry = Entry(intent.code, intent.subject, intent.audience, state, params=intent.params)
            found = self.notices.get(id)
            if found is None or found.entry.superseded:
                self.notices[id] = Notice(id, new.complaint_id, entry)
            elif found.waits:
                self.notices[id] = replace(found, entry=replace(entry, state=state if found.entry.state == "held" else found.entry.state))
            elif found.entry.params is None:
                self.notices[id] = replace(found, entry=replace(found.entry, params=intent.params))

    def notifications_drop(self, ids: Sequence[UUID], reason: str) -> None:
        for found in [self.notices[id] for id in ids if self.notices[id].waits]:
            entry = replace(found.entry, state="skipped", superseded=reason == SUPERSEDED)
            self.notices[found.id] = replace(found, entry=entry, reason=reason)

    def notifications_wake(self, ids: Sequence[UUID]) -> None:
        """When a notice is next looked at is machine time, which stands still here."""

    def notifications_mark_told(self, told: Sequence[NoticeSent]) -> None:
        for one in told:
            found = self.notices.get(one.id)
            entry = found.entry if found else Entry(one.code, one.subject, one.audience, "sent")
            self.notices[one.id] = Notice(one.id, one.complaint_id, replace(entry, state="sent", superseded=False))

    def notifications_settle(self, landed: Sequence[Outcome], channel: str, at: datetime) -> set[UUID]:
        """Here whatever lands was sent."""
        sent = {one.notice.id for one in landed if self.notices[one.notice.id].entry.state != "sent"}
        for found in [self.notices[id] for id in sent]:
            self.notices[found.id] = replace(found, entry=replace(found.entry, state="sent", superseded=False), reason=None)
        return sent

    def stats_upsert(self, rows: Sequence[FactRow]) -> None:
        self.facts |= {row.complaint_id: row for row in rows}


def fires_at(row: ClockRow) -> datetime | None:
    return min((at for at in (row.breach_at, row.alert_at) if at), default=None)


class Memory:
    """A database with one store. `dies`: "before" or "after" the next commit."""

    def __init__(self) -> None:
        self.state = State()
        self.dies: str | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[State]:
        state = self.state.copy()
        yield state
        dies, self.dies = self.dies, None
        if dies != "before":
            self.state = state
        if dies:
            raise Crash(dies)


def put_in_place_of_sql(patch: pytest.MonkeyPatch) -> None:
    """From now on the services work on stores in memory. A record is read once, whoever reads it."""
    patch.setattr(engine, "decode", lru_cache(maxsize=10_000)(decode))
    for module, names in MODULES.items():
        prefix = module.__name__.removesuffix(".store").rpartition(".")[2]
        for name in names:
            patch.setattr(module, name, _called(f"{prefix}_{name}"))


def _called(name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(conn: State, *args: Any, **kwargs: Any) -> Any:
        return getattr(conn, name)(*args, **kwargs)

    return call
