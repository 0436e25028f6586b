"""Joins facts to decisions: what a complaint's registers ask for is decided, told, and its row in the queue made anew."""

from collections.abc import Sequence

from services.routing import store
from services.routing.desk.known import Known
from services.routing.desk.reactions import react
from services.routing.desk.times import due_at
from services.routing.directory.domain import Rule
from services.routing.models import CaseRow
from shared.contracts.directory import Directory
from shared.messaging import directory
from shared.messaging.registers import Change, Registers
from shared.messaging.tx import Tx


async def handle(changes: Sequence[Change], tx: Tx) -> None:
    await settle([change.after for change in changes], tx)


async def settle(registers: Sequence[Registers], tx: Tx) -> None:
    """Tells every fact that is still missing; the rows must be locked. Settled complaints are left as they are."""
    rules = await store.rules(tx.conn)
    if any(_waits_for_law(known, tx.directory) for known in registers):
        # The snapshot may be a second old, and a procedure that is stored now would not be asked for again.
        tx.directory = await directory.load(tx.conn)
    await project([await _settled(known, rules, tx) for known in registers], tx)


async def project(registers: Sequence[Registers], tx: Tx) -> None:
    """Makes the queue's rows of these complaints anew; one that is not routed yet has none."""
    await store.put_cases(tx.conn, [row for known in registers if (row := case_row(known, tx.directory))])


def case_row(registers: Registers, laws: Directory) -> CaseRow | None:
    header, case = registers.header, registers.routing
    if case is None:
        return None
    return CaseRow(
        complaint_id=registers.complaint_id,
        reference=header.reference,
        status=case.status,
        body=case.body,
        public_service=case.public_service,
        territory=header.territory,
        procedure=header.procedure,
        filed_at=header.filed_at,
        due_at=due_at(laws.procedure(header.procedure), case, registers.deadlines or ()),
        taken_up_at=case.taken_up_at,
        version=registers.routing_version,
    )


def known(registers: Registers) -> Known:
    return Known(registers.header, registers.intake, registers.routing, registers.deadlines or ())


async def _settled(registers: Registers, rules: Sequence[Rule] | None, tx: Tx) -> Registers:
    linked = await _linked(registers, tx) if registers.routing is None else {}
    for step in react(known(registers), linked, tx.directory, rules, tx.now):
        registers = tx.publish(registers, step.type, step.case, by=step.by, reason=step.reason)
    return registers


def _waits_for_law(registers: Registers, snapshot: Directory) -> bool:
    return registers.intake is not None and registers.routing is None and snapshot.procedure(registers.header.procedure) is None


async def _linked(registers: Registers, tx: Tx) -> dict[str, Known]:
    """Unlocked: only where the earlier complaint has been is read, and two renewals of each other must not wait."""
    found = [await tx.find(link.reference) for link in registers.header.links]
    return {earlier.header.reference: known(earlier) for earlier in found if earlier}
