"""One member of staff at one case: finds it in their scope, locked and unchanged, decides, tells, and notes who did it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from services.routing import store
from services.routing.desk.domain import Matter
from services.routing.desk.refusals import Refused, conflict
from services.routing.handlers import case_row
from services.routing.models import Entry
from shared.contracts.private import Answers
from shared.contracts.registry import ANSWERS
from shared.contracts.states import Case
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference
from shared.runtime.preconditions import demand_version
from shared.runtime.scope import reaches

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """A person, and a case that they may work on, whose row stays locked until the decision is committed."""

    tx: Tx
    who: Principal
    registers: Registers
    matter: Matter

    def demand(self, version: int) -> None:
        """Problem 412 version-stale: the case has changed since it was read."""
        demand_version(version, self.registers.routing_version)

    async def note(self, action: str) -> None:
        """Who did it, in the audit."""
        await note(self.tx, self.who, self.registers, action)

    async def unerased(self) -> None:
        """409 erased: the filer's data is gone for ever, and nothing that may name them is written any more."""
        if await self.tx.erased([self.registers.complaint_id]):
            raise _erased()

    async def tell(self, action: str, type: str, case: Case, reason: str | None = None) -> Registers:
        """Tells the decision; the fact names the role, the audit the person."""
        after = self.tx.publish(self.registers, type, case, by=self.who.role, reason=reason)
        row = case_row(after, self.tx.directory)
        assert row  # a case about which was just decided has one
        await store.put_decided(self.tx.conn, row, _entry(self.tx, self.who, after, action))
        return after

    async def write(self, words: Callable[[Answers | None], dict[str, Any]]) -> None:
        """Stores the next version of the body's words about this case. 409 erased."""
        stored, erased = await self.tx.kept(ANSWERS, self.registers.complaint_id)
        if erased:
            raise _erased()
        held = stored if isinstance(stored, Answers) else None
        header = self.registers.header
        before = held.model_dump() if held else {"complaint_id": header.id, "reference": header.reference}
        version = held.version + 1 if held else 1
        self.tx.put_private(ANSWERS, Answers.model_validate({**before, **words(held), "version": version}))


async def deciding(node: Node, work: Callable[[Tx], Awaitable[T]]) -> T:
    """One transaction; what the rules refuse becomes a problem."""
    try:
        return await node.command(work)
    except Refused as no:
        raise Problem(no.status, no.code, no.detail, field=no.field) from None


async def at_desk(tx: Tx, who: Principal, reference: str) -> Desk:
    """The case, its row locked. Problem 404 case-unknown."""
    registers, case = await seen(tx, who, reference, lock=True)
    return Desk(tx, who, registers, _matter(registers, case, tx))


async def seen(tx: Tx, who: Principal, reference: str, *, lock: bool = False) -> tuple[Registers, Case]:
    """Problem 404 case-unknown: there is none, or it is with a body that is not theirs; which of the two is not told."""
    try:
        found = await tx.find(parse_reference(reference), lock=lock)
    except ValueError:
        found = None
    if found is None or found.routing is None or not reaches(who, found, tx.directory):
        raise Problem(404, "case-unknown", "No case in your scope has this reference: check it, or it was passed to another body.")
    return found, found.routing


async def note(tx: Tx, who: Principal, registers: Registers, action: str) -> None:
    await store.note(tx.conn, _entry(tx, who, registers, action))


def _entry(tx: Tx, who: Principal, registers: Registers, action: str) -> Entry:
    return Entry(tx.now, who.sub, who.role, who.body, registers.header.reference, action)


def _erased() -> Refused:
    return conflict("erased", "The filer's data has been erased: nothing more can be written about this case.")


def _matter(registers: Registers, case: Case, tx: Tx) -> Matter:
    law = tx.directory.procedure(registers.header.procedure)
    # A case is routed by its filing and its procedure, and neither is ever taken away.
    assert law
    assert registers.intake
    return Matter(case, law, registers.intake, registers.deadlines or (), tx.directory)
