"""Fires what is due, very many complaints at once.

A clock's row says when time acts on it next. Where the clock as it was last told says the same, on the calendar that is in
force, nothing has moved since it was counted, and time passes over it as it stands. Every other complaint is counted anew.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pydantic_core import from_json, to_json

from services.deadlines import store
from services.deadlines.domain import Timed, end_as_told
from services.deadlines.due import Due
from services.deadlines.handlers import LAW, fire
from services.deadlines.models import ClockRow
from services.deadlines.passing import Fired, alert_at, breach_at, passed, reason
from services.deadlines.store import Ripe
from shared.contracts.envelope import envelope, event_id
from shared.contracts.procedures import Procedure
from shared.contracts.registry import DEADLINES, TOPICS, ce_type
from shared.contracts.states import ClockState
from shared.messaging import telling
from shared.messaging.records import Outgoing
from shared.messaging.telling import Told
from shared.messaging.tx import Tx

SERVICE = TOPICS[DEADLINES].writer
_MOVES = {"breached_at", "alerts"}
"""All that time does to a clock's state."""


async def fire_chunk(tx: Tx, partition: int, until: datetime, most: int) -> int:
    """Tells what time has done up to `until` on a partition, each thing once; returns for how many complaints, at most `most`.

    Every fact up to `until` must be in the store. 0 where another transaction fires on this partition.
    """
    if not await store.claim(tx.conn, partition):
        return 0
    ids = await store.due(tx.conn, partition, until, most)
    ripe = await store.lock_ripe(tx.conn, ids, until) if ids else []
    chunk = Chunk(tx, until)
    moved = [row for one in ripe for row in chunk.fire(one)]
    await telling.facts(tx.conn, SERVICE, chunk.told)
    await store.move(tx.conn, moved)
    rest = sorted({*ids} - {row.complaint_id for row in moved})
    if rest:
        await fire((await tx.lock_many(rest)).values(), until, tx)
    return len(ids)


class Chunk:
    """Complaints over which time passes in one transaction; `told` are the facts of it.

    A fact is the last one with what time has done put into it: nothing else of it is read, or made again.
    """

    def __init__(self, tx: Tx, until: datetime) -> None:
        self.told: list[Told] = []
        self._tx, self._until = tx, until
        # As in handlers: under a clock that was set back, a breach told before its due time would be taken back and told again.
        self._now = max(until, tx.now)
        self._ends: dict[tuple[str, str, datetime | None, date | None], Due | None] = {}

    def fire(self, ripe: Ripe) -> list[ClockRow]:
        """The rows of the clocks that time acted on, after it; none where the complaint must be counted anew."""
        header, clocks = from_json(ripe.header), from_json(ripe.deadlines or "[]")
        recorded_at = datetime.fromisoformat(header["recorded_at"])
        places = {clock["code"]: place for place, clock in enumerate(clocks)}
        law = self._tx.directory.procedure(header["procedure"])
        known = [self._standing(row, clocks[places[row.code]], law) for row in ripe.rows if row.code in places]
        standing = [clock for clock in known if clock]
        if len(standing) < len(ripe.rows):
            return []
        fact, moved = {"complaint": header, "version": ripe.version, "clocks": clocks}, []
        for row, clock in zip(ripe.rows, standing, strict=True):
            for fired in passed(clock, self._until, self._now):
                clock = replace(clock, state=fired.clock)
                clocks[places[row.code]] |= fired.clock.model_dump(mode="json", include=_MOVES)
                fact |= {"version": fact["version"] + 1, "change": {"by": LAW, "reason": reason(fired, recorded_at)}}
                self._tell(ripe, fired, fact)
            moved.append(replace(row, breach_at=breach_at(clock), alert_at=alert_at(clock)))
        return moved

    def _standing(self, row: ClockRow, told: Mapping[str, Any], law: Procedure | None) -> Timed | None:
        """The clock as it was told, where that is all there is to know of it."""
        rule, calendar = law.clock(row.code) if law else None, self._tx.directory.calendars.get(row.calendar)
        if not (law and rule and calendar and row.calendar_version == told.get("calendar_version") == calendar.version):
            return None
        state = ClockState.model_validate({name: value for name, value in told.items() if name != "why"})
        key = (law.ref, row.code, state.due_at, state.last_day)
        if key not in self._ends:
            self._ends[key] = end_as_told(state, calendar)
        clock = Timed(rule, state, None, self._ends[key])
        return clock if (breach_at(clock), alert_at(clock)) == (row.breach_at, row.alert_at) else None

    def _tell(self, ripe: Ripe, fired: Fired, fact: Mapping[str, Any]) -> None:
        id, version, reference = ripe.complaint_id, fact["version"], fact["complaint"]["reference"]
        headers = envelope(event_id(id, DEADLINES, version), type=ce_type(fired.type), source=SERVICE, subject=reference, time=self._tx.now)
        self.told.append(Told(ripe.partition, Outgoing(DEADLINES, str(id), version, to_json(fact), headers, id)))
