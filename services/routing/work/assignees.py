"""Which colleague, or which unit, of the body that has a case works on it. No fact says so, and the case's version stays."""

from fastapi import APIRouter

from services.routing.calls import TheCall, Version
from services.routing.commands import Desk
from services.routing.desk.refusals import Refused
from services.routing.work import staff_store
from services.routing.work.shapes import Assignee, AssigneeOut

router = APIRouter()


@router.put("/v1/cases/{reference}/assignee")
async def give(call: TheCall, asked: Assignee, version: Version) -> AssigneeOut:
    """Gives the case to a colleague, to a unit, or (neither named) takes it back. 422 unknown-colleague."""

    async def work(desk: Desk) -> AssigneeOut:
        desk.demand(version)
        body = desk.matter.case.body
        if asked.sub and not await staff_store.known(desk.tx.conn, body or "", asked.sub):
            raise Refused("unknown-colleague", "Nobody of this name has used the desk that has the case: see GET /v1/staff.", "sub")
        await staff_store.assign(desk.tx.conn, desk.registers.complaint_id, body, asked.sub, asked.unit, desk.tx.now)
        await desk.note("assignee")
        return AssigneeOut(reference=desk.registers.header.reference, sub=asked.sub, unit=asked.unit)

    return await call.run(AssigneeOut, work)
