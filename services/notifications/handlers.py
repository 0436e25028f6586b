"""Joins the domain and the ledger: whatever changed in a complaint, what stands to be told is decided anew."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.notifications import bodies, store
from services.notifications.age import machine_age
from services.notifications.domain import plan
from services.notifications.models import ERASED, SUPERSEDED
from services.notifications.notice import Intent, notice_id
from services.notifications.settings import NotificationsSettings
from services.notifications.store import NewNotice
from shared.contracts.directory import BodyRecord, DirectoryRecord, ProcedureRecord
from shared.contracts.notices import NoticeSent
from shared.messaging.records import PrivateChange
from shared.messaging.registers import Change, Registers
from shared.messaging.tx import Tx
from shared.runtime.clock import parse_clock

AT_ONCE = 200
"""Complaints of which claims ran out, in one transaction."""


class Handlers:
    """The engine's functions of this service. Notices are written in the transaction of the facts that they come from."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._settings = settings
        self._clock = parse_clock(settings.clock)

    async def handle(self, changes: Sequence[Change], tx: Tx) -> None:
        await self._decide([change.after for change in changes], tx)
        await self.tell_bodies(bodies.successions(change.after for change in changes), tx)

    async def on_private(self, changes: Sequence[PrivateChange], tx: Tx) -> None:
        await store.wake(tx.conn, sorted(change.complaint_id for change in changes if change.doc))

    async def on_directory(self, records: Sequence[DirectoryRecord], tx: Tx) -> None:
        """A complaint may have come before its procedure, which says to whom its clocks matter; a body may be to be written to."""
        procedures = [record.procedure.ref for record in records if isinstance(record, ProcedureRecord)]
        ids = await store.held_under(tx.conn, procedures) if procedures else []
        if ids:
            await self._decide(list((await tx.lock_many(ids)).values()), tx)
        asked = [(record.id, intent) for record in records if isinstance(record, BodyRecord) for intent in bodies.onboarding(record)]
        await self.tell_bodies({(id, intent.code): intent for id, intent in asked}, tx)

    async def on_notices(self, notices: Sequence[NoticeSent], tx: Tx) -> None:
        await store.mark_told(tx.conn, notices)

    async def decide_again(self, tx: Tx) -> list[str]:
        """Notices of claims that ran out wait again, but for those that no longer hold; returns the codes of all.

        After a kill nothing may have changed; in a store that was restored, what was on its way then is long over.
        """
        ids = await store.abandoned(tx.conn, AT_ONCE)
        known = await tx.lock_many(ids) if ids else {}
        codes = await store.release(tx.conn, ids) if ids else []
        await self._decide(list(known.values()), tx)
        return codes

    async def _decide(self, known: Sequence[Registers], tx: Tx) -> None:
        ledger = await store.ledger(tx.conn, [registers.complaint_id for registers in known])
        write: list[NewNotice] = []
        drop: dict[str, list[UUID]] = {ERASED: [], SUPERSEDED: []}
        for registers in known:
            decided = plan(registers, ledger[registers.complaint_id], tx.directory)
            write += [self._new(registers.complaint_id, intent, tx) for intent in decided.write]
            reason = ERASED if registers.intake and registers.intake.erased_at else SUPERSEDED
            drop[reason] += [notice_id(registers.complaint_id, key) for key in decided.drop]
        await store.write(tx.conn, write)
        for reason, ids in drop.items():
            await store.drop(tx.conn, ids, reason)

    async def tell_bodies(self, intents: Mapping[tuple[str, str], Intent], tx: Tx) -> None:
        """A notice that is in the ledger already stays as it is."""
        new = [self._new(bodies.about(body), intent, tx) for (body, _), intent in intents.items()]
        await store.write(tx.conn, sorted(new, key=lambda notice: notice_id(notice.complaint_id, notice.intent.key)))

    def _new(self, complaint_id: UUID, intent: Intent, tx: Tx) -> NewNotice:
        return NewNotice(complaint_id, intent, self._settings.receipt_wait if intent.held else 0.0, self.seconds_left(intent.at, tx))

    def seconds_left(self, at: datetime | None, tx: Tx) -> float:
        """Machine seconds until what has stood to be told since then is too old to be sent."""
        return self._settings.notice_hours * 3600 - machine_age(self._clock, at, tx.now)
