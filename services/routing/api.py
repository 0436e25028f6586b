"""The desk over HTTP: lists and cases in a person's scope, decisions about them, and who has read and done what."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Query, Response

from services.routing import cursors, dossier_api, rights, store
from services.routing.calls import TheNode
from services.routing.commands import note, seen
from services.routing.decisions import router as decisions
from services.routing.models import Audited
from services.routing.questions import Asked
from services.routing.rights import AuditReader, Reader, colleagues
from services.routing.shapes import AuditPage, CasePage, CaseWithPapers, CountsOut
from services.routing.shortcut import respond_at_once, take_up_at_once
from services.routing.triage.api import router as triage
from services.routing.work import assignees, bulk, drafts, notes, search, staff, staff_store, templates
from services.routing.work.meeting import met
from shared.contracts.registry import ANSWERS, PAPERS
from shared.contracts.states import OPEN
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime import direct
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.ids import parse_reference

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=200)]


def mount(app: FastAPI, node: Node) -> None:
    work = (dossier_api, assignees, bulk, drafts, notes, search, staff, templates)
    for part in (router, decisions, triage, *(module.router for module in work)):
        app.include_router(part)
    direct.add(app, "POST", "/v1/cases/{reference}/take-up", take_up_at_once)
    direct.add(app, "POST", "/v1/cases/{reference}/response", respond_at_once)


@router.get("/v1/cases")
async def list_cases(
    who: Reader, node: TheNode, asked: Asked, sort: Literal["due", "filed"] = "due", limit: Limit = 50, cursor: Cursor = None
) -> CasePage:
    """The cases in your scope, the most urgent (sort=due) or the oldest (sort=filed) first."""
    place = cursors.case_place(cursor, sort)
    await met(node, who)
    async with node.read() as conn:
        wanted = await asked.narrowed(conn, who, await node.directory(), node.clock.now())
        rows = await store.cases(conn, sort, limit + 1, wanted, place)
    return CasePage.of(rows[:limit], cursors.case_cursor(sort, rows[limit - 1].case) if len(rows) > limit else None)


@router.get("/v1/cases/counts")
async def count_cases(who: Reader, node: TheNode, asked: Asked) -> CountsOut:
    """How many open cases the same filters leave: by status, overdue, unassigned, yours and your unit's."""
    now = node.clock.now()
    async with node.read() as conn:
        wanted = await asked.narrowed(conn, who, await node.directory(), now)
        wanted = replace(wanted, statuses=wanted.statuses or OPEN)
        mine = await staff_store.stands_for(conn, colleagues(who), who.sub, now)
        return CountsOut.of(await store.counts(conn, wanted, now, mine, await staff_store.unit(conn, colleagues(who), who.sub)), now)


@router.get("/v1/cases/{reference}")
async def read_case(reference: str, who: Reader, node: TheNode, response: Response) -> CaseWithPapers:
    """One case. Reading its papers is noted in the audit."""
    found, documents = await node.command(lambda tx: _read(tx, who, reference))
    response.headers["ETag"] = f'"{found.routing_version}"'
    return CaseWithPapers.of(found, papers=documents.get(PAPERS), answers=documents.get(ANSWERS))


@router.get("/v1/audit")
async def list_audit(reference: str, who: AuditReader, node: TheNode, limit: Limit = 50, cursor: Cursor = None) -> AuditPage:
    """Who has read the papers of a complaint and decided about it, oldest first. Of a case in your scope: 404 case-unknown."""
    place = cursors.audit_place(cursor)
    try:
        written = parse_reference(reference)
    except ValueError as error:
        raise Problem(422, "invalid-field", f"{error}", field="reference") from None

    async def work(tx: Tx) -> list[Audited]:
        await seen(tx, who, written)
        return await store.audit(tx.conn, written, place, limit + 1)

    rows = await node.command(work)
    return AuditPage.of(rows[:limit], cursors.audit_cursor(rows[limit - 1].id) if len(rows) > limit else None)


async def _read(tx: Tx, who: Principal, reference: str) -> tuple[Registers, dict[str, object]]:
    found, _ = await seen(tx, who, reference)
    if not rights.reads_papers(who):
        return found, {}
    await note(tx, who, found, "read-papers")
    return found, {topic: await tx.private(topic, found.complaint_id) for topic in (PAPERS, ANSWERS)}
