"""Joins clocks and store: what changed is computed anew from the registers, and only what differs is told."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.deadlines import store
from services.deadlines.calendars import calendar_code
from services.deadlines.domain import Timed, clocks_of, settled, told
from services.deadlines.models import RESTORED, UNKNOWN, ClockRow
from services.deadlines.passing import alert_at, breach_at, passed, reason
from shared.contracts.directory import Directory
from shared.contracts.states import Clocks
from shared.messaging.registers import Change, Registers
from shared.messaging.tx import Tx

LAW = "law"
"""Nobody's act: what is told here follows from the law alone."""
CORRECTED = "corrected"


@dataclass(frozen=True)
class Known:
    """A complaint and its clocks, with all that time has done to them; clocks None: its law is not known."""

    registers: Registers
    clocks: tuple[Timed, ...] | None

    @property
    def states(self) -> Clocks:
        return tuple(clock.state for clock in self.clocks or ())


async def handle(changes: Sequence[Change], tx: Tx) -> None:
    known = {change.complaint_id: change.after for change in changes}
    for waits in await store.restored(tx.conn, [id for id, one in known.items() if one.deadlines_version]):
        del known[waits]
    await renew(known.values(), tx)


async def renew(registers: Iterable[Registers], tx: Tx) -> None:
    """Computes the clocks of complaints anew and tells those that moved. The registers' rows must be locked."""
    await _keep([_told(_known(one, tx), tx) for one in registers if one.intake], tx)


async def recovered(registers: Sequence[Registers], tx: Tx) -> None:
    """Of complaints taken back from the log: nothing is counted until `count_restored`, and nothing told.

    What was told of them rests on facts that this store has yet to read again; on the older ones it would tell what is long over.
    """
    rows = [ClockRow(one.complaint_id, RESTORED, one.partition, UNKNOWN, RESTORED, 0) for one in registers]
    await store.replace(tx.conn, [row.complaint_id for row in rows], rows)


async def fire(registers: Iterable[Registers], until: datetime, tx: Tx) -> None:
    """Tells what time has done up to `until`, each thing once: a clock that moved meanwhile is looked at as it is now.

    The registers' rows must be locked, and every fact up to `until` must be in them.
    """
    await _keep([_passed(_told(_known(one, tx), tx), until, tx) for one in registers if one.intake], tx)


def _known(registers: Registers, tx: Tx) -> Known:
    assert registers.intake
    timed = clocks_of(registers.header, registers.intake, registers.routing, tx.directory)
    return Known(registers, None if timed is None else settled(registers.deadlines, timed, tx.now))


def _told(known: Known, tx: Tx) -> Known:
    before = known.registers.deadlines or ()
    if known.clocks is None or told(before) == told(known.states):
        return known
    taken_back = {c.corrected_at for c in known.states} - {c.corrected_at for c in before} - {None}
    after = tx.publish(known.registers, "deadline-set", known.states, by=LAW, reason=CORRECTED if taken_back else None)
    return replace(known, registers=after)


def _passed(known: Known, until: datetime, tx: Tx) -> Known:
    for place, clock in enumerate(known.clocks or ()):
        # Not tx.now alone: under a clock that was set back, a breach told before its due time would be taken back and told again.
        for fired in passed(clock, until, max(until, tx.now)):
            clocks = list(known.clocks or ())
            clocks[place] = replace(clock, state=fired.clock)
            states = tuple(c.state for c in clocks)
            after = tx.publish(known.registers, fired.type, states, by=LAW, reason=reason(fired, known.registers.header.recorded_at))
            known = Known(after, tuple(clocks))
    return known


async def _keep(known: Sequence[Known], tx: Tx) -> None:
    rows = [row for one in known for row in _rows(one, tx.directory)]
    await store.replace(tx.conn, [one.registers.complaint_id for one in known], rows)


def _rows(known: Known, directory: Directory) -> Iterator[ClockRow]:
    """A row for each clock that goes on, is still to be breached, or was: a day off recorded late may still take a breach back."""
    id, partition = known.registers.complaint_id, known.registers.partition
    if known.clocks is None:
        yield ClockRow(id, UNKNOWN, partition, known.registers.header.procedure, UNKNOWN, 0)
    for clock in known.clocks or ():
        breach = breach_at(clock)
        if clock.stop is None or breach or clock.state.breached_at:
            calendar, version = calendar_code(clock.rule, directory) or UNKNOWN, clock.state.calendar_version or 0
            yield ClockRow(id, clock.rule.code, partition, None, calendar, version, breach, alert_at(clock))
