"""The people at a desk: colleagues, units, deputies, and the cases of one who leaves. A person is known once they have used the desk."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.routing import rights, store
from services.routing.calls import TheNode
from services.routing.models import Entry
from services.routing.rights import Admin, Worker, colleagues
from services.routing.work import staff_store
from services.routing.work.meeting import met
from services.routing.work.shapes import Absence, AbsenceOut, Colleague, Colleagues, HandedOver, Handover, Unit
from shared.contracts.states import OPEN
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.scope import scope

router = APIRouter()
Body = Annotated[str | None, Query(max_length=64, description="The body at whose desk they work; without it, your own.")]

MOST = 500


@router.get("/v1/staff")
async def list_staff(who: Worker, node: TheNode) -> Colleagues:
    """Your colleagues; for a body's admin also those of the bodies below it, for the national desk everybody."""
    await met(node, who)
    bodies = scope(who, await node.directory())
    async with node.read() as conn:
        found = await staff_store.members(conn, None if bodies is None else sorted(bodies), node.clock.now(), MOST)
    return Colleagues(staff=[Colleague.model_validate(member) for member in found])


@router.put("/v1/staff/{sub}/unit")
async def set_unit(sub: str, asked: Unit, who: Admin, node: TheNode, body: Body = None) -> Unit:
    """Puts a colleague into a unit of their body. 404 staff-unknown."""

    async def work(tx: Tx) -> None:
        place = await _place(tx, who, body, sub)
        await staff_store.set_unit(tx.conn, place, sub, asked.unit)
        await _note(tx, who, "staff-unit")

    await node.command(work)
    return asked


@router.put("/v1/staff/{sub}/absence")
async def set_absence(sub: str, asked: Absence, who: Worker, node: TheNode, body: Body = None) -> AbsenceOut:
    """Says who stands for a colleague: the deputy finds those cases among their own. By the person, or the body's admin."""
    if who.sub != sub and who.role not in rights.ADMINS:
        raise Problem(403, "not-your-absence", "Only you, or an admin of your body, says that you are away.")

    async def work(tx: Tx) -> None:
        place = await _place(tx, who, body, sub, asked.deputy)
        await staff_store.set_absence(tx.conn, place, sub, asked.deputy, asked.since, asked.until)
        await _note(tx, who, "staff-absence")

    await node.command(work)
    return AbsenceOut(sub=sub, deputy=asked.deputy, since=asked.since, until=asked.until)


@router.post("/v1/staff/{sub}/handover")
async def hand_over(sub: str, asked: Handover, who: Admin, node: TheNode, body: Body = None) -> HandedOver:
    """Gives all open cases of a colleague who leaves to another. Each is a line of the audit; no clock knows of it."""

    async def work(tx: Tx) -> HandedOver:
        place = await _place(tx, who, body, sub, asked.to)
        moved = await staff_store.hand_over(tx.conn, place, sub, asked.to, OPEN, tx.now)
        for reference in (None, *moved):
            await _note(tx, who, "handover", reference)
        return HandedOver(cases=len(moved))

    return await node.command(work)


async def _place(tx: Tx, who: Principal, body: str | None, *subs: str) -> str:
    """The body whose staff these people are. 404 staff-unknown: it is not in your scope, or they have not used its desk."""
    place, bodies = body or colleagues(who), scope(who, tx.directory)
    in_scope = bodies is None or place in bodies
    if not in_scope or not all([await staff_store.known(tx.conn, place, sub) for sub in subs]):
        raise Problem(404, "staff-unknown", "Nobody of this name has used that desk: see GET /v1/staff.")
    return place


async def _note(tx: Tx, who: Principal, action: str, reference: str | None = None) -> None:
    await store.note(tx.conn, Entry(tx.now, who.sub, who.role, who.body, reference, action))
