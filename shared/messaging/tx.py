"""One transaction of a service: what handlers and HTTP commands may read, lock and publish. Nobody but the engine commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import Directory, DirectoryRecord
from shared.contracts.events import Cause
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import DIRECTORY, NOTICES, PRIVATE_TOPICS, TOPICS, WRITERS
from shared.messaging import directory, outbox, private, records, registers
from shared.messaging.records import Outgoing
from shared.messaging.registers import FACT_OF, Registers, State
from shared.runtime.trace import current_traceparent

_PUBLISHED = text("""
    insert into published as p (complaint_id, topic, version, headers, value)
    select u.id, u.topic, u.version, u.headers::jsonb, u.value
    from unnest(cast(:id as uuid[]), cast(:topic as text[]), cast(:version as int[]), cast(:headers as text[]), cast(:value as bytea[]))
      as u (id, topic, version, headers, value)
    order by u.id
    on conflict (complaint_id) do update set version = excluded.version, headers = excluded.headers, value = excluded.value
    where excluded.version > p.version""")


@dataclass(frozen=True)
class _Told:
    """A fact decided in this transaction: the registers after it and its record."""

    registers: Registers
    record: Outgoing


class Tx:
    """A transaction that ends with everything or nothing.

    `now` is legal time at its begin, in UTC milliseconds: all times written by one transaction agree. Publishing only
    notes what is to be told; `flush` writes it set by set, in lock order: complaint rows, then outbox.
    """

    def __init__(self, conn: AsyncConnection, service: str, now: datetime, directory: Directory) -> None:
        self.conn = conn
        self.now = now
        self.directory = directory
        self._service = service
        self._told: list[_Told] = []
        self._documents: list[tuple[str, Private]] = []
        self._outgoing: list[Outgoing] = []
        self._records: list[DirectoryRecord] = []
        self._erase: set[UUID] = set()

    async def lock(self, complaint_id: UUID) -> Registers | None:
        """The registers, their row locked until the transaction ends; None where the complaint is unknown."""
        return (await self.lock_many([complaint_id])).get(complaint_id)

    async def lock_many(self, ids: Sequence[UUID]) -> dict[UUID, Registers]:
        """As lock, in complaint-id order, whatever the order asked for."""
        return await registers.load(self.conn, ids, lock=True)

    async def find(self, reference: str, *, lock: bool = False) -> Registers | None:
        """By reference in its canonical form."""
        return await registers.find(self.conn, reference, lock=lock)

    def publish(
        self, before: Registers, type: str, state: State, *, by: str, reason: str | None = None, at: datetime | None = None
    ) -> Registers:
        """Tells the next version of this service's state. The row must be locked, or new.

        `type` is the fact's name without prefix, such as complaint-routed; `at` its legal time, by default `now`.
        Returns the registers after it: a second fact in the same transaction starts from them.
        """
        topic = WRITERS[self._service]
        if type not in TOPICS[topic].types:
            raise ValueError(f"{type} is no fact of {self._service}")
        version = before.version(self._service) + 1
        model = FACT_OF[self._service]
        fact = model(complaint=before.header, version=version, change=Cause(by=by, reason=reason), **{model.state_field: state})
        record = records.fact_record(topic, self._service, type, before.header, fact, at or self.now, current_traceparent())
        after = before.with_state(self._service, state, version)
        self._told.append(_Told(after, record))
        return after

    def put_private(self, topic: str, doc: Private) -> None:
        """Stores and tells a whole private document on one of this service's restricted topics; its version must be the next."""
        self._documents.append((self._own(topic), doc))

    async def private(self, topic: str, complaint_id: UUID) -> Private | None:
        return (await private.get(self.conn, complaint_id)).get(topic)

    async def erased(self, ids: Sequence[UUID]) -> set[UUID]:
        return await private.erased(self.conn, ids)

    def erase(self, complaint_id: UUID) -> None:
        """Forgets a person for ever: documents, private rows still waiting, dead letters; tombstones go out."""
        self._erase.add(complaint_id)

    def publish_directory(self, records: Sequence[DirectoryRecord]) -> None:
        """Tells records whose version is higher than the stored one; the others are left alone."""
        self._own(DIRECTORY)
        self._records.extend(records)

    def publish_notice(self, notice: NoticeSent, reference: str) -> None:
        self._outgoing.append(records.notice_record(self._own(NOTICES), self._service, notice, reference))

    async def flush(self) -> None:
        """Writes what was noted. Called by the engine right before it commits."""
        last = {told.registers.complaint_id: told for told in self._told}
        await registers.upsert(self.conn, [last[id].registers for id in sorted(last)])
        await remember(self.conn, [last[id].record for id in sorted(last)])
        out = [told.record for told in self._told]
        out += await self._flush_documents()
        out += await self._flush_erasures()
        moved = await directory.upsert(self.conn, self._records)
        out += [records.directory_record(DIRECTORY, self._service, record, self.now) for record in moved]
        await outbox.insert(self.conn, out + self._outgoing)
        self._told, self._documents, self._records, self._outgoing, self._erase = [], [], [], [], set()

    async def _flush_documents(self) -> list[Outgoing]:
        stored = {(c.topic, c.complaint_id) for c in await private.upsert(self.conn, self._documents)}
        kept = [(topic, doc) for topic, doc in self._documents if (topic, doc.complaint_id) in stored]
        return [records.private_record(topic, self._service, doc, self.now) for topic, doc in kept]

    async def _flush_erasures(self) -> list[Outgoing]:
        if not self._erase:
            return []
        ids = sorted(self._erase)
        gone = await private.erase(self.conn, ids, self.now)
        await outbox.delete_private(self.conn, ids)
        own = [topic for topic in PRIVATE_TOPICS if TOPICS[topic].writer == self._service]
        return [records.tombstone(topic, id) for id in sorted(gone) for topic in own]

    def _own(self, topic: str) -> str:
        if TOPICS[topic].writer != self._service:
            raise ValueError(f"{topic} has another writer than {self._service}")
        return topic


async def remember(conn: AsyncConnection, facts: Sequence[Outgoing]) -> None:
    """Keeps the last fact of each complaint whole, so that a lost log can be written again."""
    if facts:
        columns = {
            "id": [r.complaint_id for r in facts],
            "topic": [r.topic for r in facts],
            "version": [r.version for r in facts],
            "headers": [outbox.headers_json(r) for r in facts],
            "value": [r.value for r in facts],
        }
        await conn.execute(_PUBLISHED, columns)
