"""One transaction of a service: what handlers and HTTP commands may read, lock and publish. Nobody but the engine commits."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import Directory, DirectoryRecord
from shared.contracts.events import Cause
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import DIRECTORY, NOTICES, PRIVATE_TOPICS, TOPICS, WRITERS
from shared.messaging import directory, outbox, private, records, registers, telling
from shared.messaging.records import Outgoing
from shared.messaging.registers import FACT_OF, Registers, State
from shared.messaging.telling import Told
from shared.runtime.trace import current_traceparent


@lru_cache(maxsize=1_000)  # few: a role, and a coded reason
def _cause(by: str, reason: str | None) -> Cause:
    return Cause(by=by, reason=reason)


class Tx:
    """A transaction that ends with everything or nothing.

    `now` is legal time at its begin, in UTC milliseconds: all times written by one transaction agree. Publishing only
    notes what is to be told; `flush` writes it set by set.
    """

    def __init__(self, conn: AsyncConnection, service: str, now: datetime, directory: Directory) -> None:
        self.conn = conn
        self.now = now
        self.directory = directory
        self._service = service
        self._told: list[Told] = []
        self._documents: list[Outgoing] = []
        self._outgoing: list[Outgoing] = []
        self._records: list[DirectoryRecord] = []
        self._erase: set[UUID] = set()

    async def lock(self, complaint_id: UUID) -> Registers | None:
        """The registers, their row locked until the transaction ends; None where the complaint is unknown."""
        return (await self.lock_many([complaint_id])).get(complaint_id)

    async def lock_with(self, topic: str, complaint_id: UUID) -> tuple[Registers | None, Private | None]:
        """As lock, with the document of this topic as it is under the lock; mostly in one statement."""
        if found := await private.locked(self.conn, topic, complaint_id):
            return found
        return await self.lock(complaint_id), await self.private(topic, complaint_id)

    async def lock_many(self, ids: Sequence[UUID]) -> dict[UUID, Registers]:
        """As lock, in complaint-id order, whatever the order asked for."""
        return await registers.load(self.conn, ids, lock=True)

    async def find(self, reference: str, *, lock: bool = False) -> Registers | None:
        """By reference in its canonical form."""
        return await registers.find(self.conn, reference, lock=lock)

    def publish(
        self,
        before: Registers,
        type: str,
        state: State,
        *,
        by: str,
        reason: str | None = None,
        at: datetime | None = None,
        traceparent: str | None = None,
    ) -> Registers:
        """Tells the next version of this service's state. The row must be locked, or new.

        `type` is the fact's name without prefix, such as complaint-routed; `at` its legal time, by default `now`; `traceparent`
        the trace in which it goes on, by default the current one.
        Returns the registers after it: a second fact in the same transaction starts from them.
        """
        topic = WRITERS[self._service]
        if type not in TOPICS[topic].types:
            raise ValueError(f"{type} is no fact of {self._service}")
        version = before.version(self._service) + 1
        model = FACT_OF[self._service]
        fact = model(complaint=before.header, version=version, change=_cause(by, reason), **{model.state_field: state})
        trace = traceparent or current_traceparent()
        record = records.fact_record(topic, self._service, type, before.header, fact, at or self.now, trace)
        self._told.append(Told(before.partition, record))
        return before.with_state(self._service, state, version)

    def put_private(self, topic: str, doc: Private) -> None:
        """Stores and tells a whole private document on one of this service's restricted topics; its version must be the next."""
        self._documents.append(records.private_record(self._own(topic), self._service, doc, self.now))

    async def private(self, topic: str, complaint_id: UUID) -> Private | None:
        return (await self.kept(topic, complaint_id))[0]

    async def kept(self, topic: str, complaint_id: UUID) -> tuple[Private | None, bool]:
        """The document of this topic, and whether its person has been erased."""
        return await private.one(self.conn, topic, complaint_id)

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

    def told(self) -> set[UUID]:
        """The complaints of which this transaction tells a fact that is not written yet: what is stored of them is older."""
        return {told.record.complaint_id for told in self._told if told.record.complaint_id}

    @property
    def tells(self) -> bool:
        """Whether anything that was noted leaves for the log."""
        return any((self._told, self._documents, self._outgoing, self._records, self._erase))

    async def flush(self) -> None:
        """Writes what was noted. Called by the engine right before it commits."""
        await telling.tell(self.conn, self._service, self._told, self._documents)
        out = await self._flush_erasures()
        moved = await directory.upsert(self.conn, self._records)
        out += [records.directory_record(DIRECTORY, self._service, record, self.now) for record in moved]
        await outbox.insert(self.conn, out + self._outgoing)
        self._told, self._documents, self._records, self._outgoing, self._erase = [], [], [], [], set()

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
