"""Drafts and their approval over HTTP. If-Match holds the draft's own version ("0" where there is none); the case's stays."""

from fastapi import APIRouter

from services.routing.calls import TheCall, Version
from services.routing.commands import Desk
from services.routing.desk import drafts
from services.routing.desk.drafts import Draft
from services.routing.desk.refusals import Refused
from services.routing.rights import Approver
from services.routing.work import draft_store
from services.routing.work.shapes import Comment, DraftIn, DraftOut
from shared.runtime.preconditions import demand_version

router = APIRouter()


@router.get("/v1/cases/{reference}/draft")
async def read(call: TheCall) -> DraftOut:
    """The draft as it is. 404 draft-missing."""

    async def work(desk: Desk) -> DraftOut:
        draft = await _there(desk)
        await desk.note("read-draft")
        return _out(desk, draft)

    return await call.run(DraftOut, work)


@router.put("/v1/cases/{reference}/draft")
async def write(call: TheCall, asked: DraftIn, version: Version) -> DraftOut:
    """Writes the answer, or writes it anew: what was approved of the words before counts no more."""
    return await call.run(DraftOut, lambda desk: written(desk, version, asked.outcome, asked.reasons))


@router.post("/v1/cases/{reference}/draft/submission")
async def submit(call: TheCall, version: Version) -> DraftOut:
    """Asks for the approvals that the procedure wants; where it wants none, the draft is approved."""
    return await call.run(DraftOut, lambda desk: submitted(desk, version))


@router.post("/v1/cases/{reference}/draft/approval")
async def approve(call: TheCall, who: Approver, version: Version) -> DraftOut:
    """Approves the words as they stand. Nobody approves what they wrote, and nobody twice."""
    return await call.run(DraftOut, lambda desk: approved(desk, version))


@router.post("/v1/cases/{reference}/draft/return")
async def give_back(call: TheCall, who: Approver, asked: Comment, version: Version) -> DraftOut:
    """Gives it back to who wrote it, and says why."""

    async def work(desk: Desk) -> DraftOut:
        draft = await _there(desk, version)
        return await _kept(desk, drafts.give_back(desk.matter, draft, who.role, asked.comment, desk.tx.now), "draft-return")

    return await call.run(DraftOut, work)


async def written(desk: Desk, version: int, outcome: str, reasons: str | None) -> DraftOut:
    await desk.unerased()
    before = await _of(desk)
    demand_version(version, before.version if before else 0)
    return await _kept(desk, drafts.write(desk.matter, before, desk.who.sub, outcome, reasons, desk.tx.now), "draft")


async def submitted(desk: Desk, version: int) -> DraftOut:
    return await _kept(desk, drafts.submit(desk.matter, await _there(desk, version), desk.tx.now), "draft-submission")


async def approved(desk: Desk, version: int) -> DraftOut:
    draft = await _there(desk, version)
    return await _kept(desk, drafts.approve(desk.matter, draft, desk.who.sub, desk.who.role, desk.tx.now), "draft-approval")


async def spend(desk: Desk, outcome: str, reasons: str | None) -> None:
    """Before an answer is posted: 409 approval-missing. The draft has then done its work."""
    draft = await draft_store.take(desk.tx.conn, desk.registers.complaint_id, desk.matter.case.body)
    drafts.must_be_approved(desk.matter.law, draft, outcome, reasons)


async def _of(desk: Desk) -> Draft | None:
    return await draft_store.get(desk.tx.conn, desk.registers.complaint_id, desk.matter.case.body)


async def _there(desk: Desk, version: int | None = None) -> Draft:
    draft = await _of(desk)
    if draft is None:
        raise Refused("draft-missing", "Nobody at this desk has drafted an answer to this case.", status=404)
    if version is not None:
        demand_version(version, draft.version)
    return draft


async def _kept(desk: Desk, draft: Draft, action: str) -> DraftOut:
    await draft_store.put(desk.tx.conn, desk.registers.complaint_id, draft)
    await desk.note(action)
    return _out(desk, draft)


def _out(desk: Desk, draft: Draft) -> DraftOut:
    steps = drafts.STEPS[desk.matter.law.approval]
    return DraftOut.model_validate({"reference": desk.registers.header.reference, "steps": steps, **dict(draft)})
