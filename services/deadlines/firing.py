"""Fires what is due, very many complaints at once.

A clock's row says when time acts on it next. Where the clock as it was last told says the same, on the calendar that is in
force, nothing has moved since it was counted, and time passes over it as it stands. Every other complaint is counted anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.deadlines import store
from services.deadlines.domain import Timed, end_as_told
from services.deadlines.handlers import LAW, fire
from services.deadlines.models import ClockRow
from services.deadlines.passing import Fired, alert_at, breach_at, passed, reason
from services.deadlines.store import Ripe
from shared.contracts.envelope import envelope, event_id
from shared.contracts.registry import DEADLINES, TOPICS, ce_type
from shared.contracts.states import ClockState
from shared.messaging import telling
from shared.messaging.records import Outgoing
from shared.messaging.telling import Told
from shared.messaging.tx import Tx

SERVICE = TOPICS[DEADLINES].writer
_MOVES = {"breached_at", "alerts"}
"""All that time does to a clock's state."""
_STANDS = ("state", "due_at", "last_day", "calendar_version", "breached_at")
"""With its alerts, its rule and its calendar: all that time asks of a clock."""


async def fire_chunk(tx: Tx, partition: int, until: datetime, most: int) -> int:
    """Tells what time has done up to `until` on a partition, each thing once; returns for how many complaints, at most `most`.

    Every fact up to `until` must be in the store. 0 where another transaction fires on this partition.
    """
    if not await store.claim(tx.conn, partition):
        return 0
    ids = await store.due(tx.conn, partition, until, most)
    if ids:
        await fire_these(tx, ids, until)
    return len(ids)


async def fire_these(tx: Tx, ids: Sequence[UUID], until: datetime) -> None:
    """As fire_chunk, for complaints that are named."""
    ripe = await store.lock_ripe(tx.conn, ids, until)
    chunk = Chunk(tx, until)
    moved = [row for one in ripe for row in chunk.fire(one)]
    await telling.tell(tx.conn, SERVICE, chunk.told)
    await store.move(tx.conn, moved)
    rest = sorted({*ids} - {row.complaint_id for row in moved})
    if rest:
        await fire((await tx.lock_many(rest)).values(), until, tx)


@dataclass(frozen=True)
class Fate:
    """What time does to every clock that stands alike: what is told, and when it acts again."""

    fired: tuple[Fired, ...]
    patches: tuple[Mapping[str, Any], ...]
    breach_at: datetime | None
    alert_at: datetime | None


class Chunk:
    """Complaints over which time passes in one transaction; `told` are the facts of it.

    A fact is the last one with what time has done put into it: nothing else of it is read, or made again.
    """

    def __init__(self, tx: Tx, until: datetime) -> None:
        self.told: list[Told] = []
        self._tx, self._until = tx, until
        # As in handlers: under a clock that was set back, a breach told before its due time would be taken back and told again.
        self._now = max(until, tx.now)
        self._fates: dict[tuple[object, ...], Fate | None] = {}

    def fire(self, ripe: Ripe) -> list[ClockRow]:
        """The rows of the clocks that time acted on, after it; none where the complaint must be counted anew."""
        clocks = from_json(ripe.deadlines or "[]")
        by_code = {clock["code"]: clock for clock in clocks}
        fates = [fate for row in ripe.rows if (told := by_code.get(row.code)) and (fate := self._fate(ripe.procedure, row, told))]
        if len(fates) < len(ripe.rows):
            return []
        version = ripe.version
        for row, fate in zip(ripe.rows, fates, strict=True):
            for fired, patch in zip(fate.fired, fate.patches, strict=True):
                by_code[row.code] |= patch
                version += 1
                self._tell(ripe, version, fired, to_json(clocks))
        return [replace(row, breach_at=fate.breach_at, alert_at=fate.alert_at) for row, fate in zip(ripe.rows, fates, strict=True)]

    def _fate(self, procedure: str, row: ClockRow, told: Mapping[str, Any]) -> Fate | None:
        """None where the clock as it was told is not all there is to know of it."""
        stands = tuple(told.get(name) for name in _STANDS)
        alike = (procedure, row.code, row.calendar, row.calendar_version, row.breach_at, row.alert_at, *stands, to_json(told.get("alerts")))
        if alike not in self._fates:
            clock = self._standing(procedure, row, told)
            self._fates[alike] = self._passed(clock) if clock else None
        return self._fates[alike]

    def _standing(self, procedure: str, row: ClockRow, told: Mapping[str, Any]) -> Timed | None:
        law, calendar = self._tx.directory.procedure(procedure), self._tx.directory.calendars.get(row.calendar)
        rule = law.clock(row.code) if law else None
        if not (rule and calendar and row.calendar_version == told.get("calendar_version") == calendar.version):
            return None
        state = ClockState.model_validate(told)
        clock = Timed(rule, state, None, end_as_told(state, calendar))
        return clock if (breach_at(clock), alert_at(clock)) == (row.breach_at, row.alert_at) else None

    def _passed(self, clock: Timed) -> Fate:
        fired = tuple(passed(clock, self._until, self._now))
        after = replace(clock, state=fired[-1].clock) if fired else clock
        patches = tuple(one.clock.model_dump(mode="json", include=_MOVES) for one in fired)
        return Fate(fired, patches, breach_at(after), alert_at(after))

    def _tell(self, ripe: Ripe, version: int, fired: Fired, clocks: bytes) -> None:
        change = to_json({"by": LAW, "reason": reason(fired, ripe.recorded_at)})
        value = b'{"complaint":%b,"version":%d,"change":%b,"clocks":%b}' % (ripe.header.encode(), version, change, clocks)
        id = event_id(ripe.complaint_id, DEADLINES, version)
        headers = envelope(id, type=ce_type(fired.type), source=SERVICE, subject=ripe.reference, time=self._tx.now)
        record = Outgoing(DEADLINES, str(ripe.complaint_id), version, value, headers, ripe.complaint_id)
        self.told.append(Told(ripe.partition, record))
