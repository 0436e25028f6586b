"""One answer to the many cases of one incident: each is a decision of its own, with its own fact, clock and line of the audit.

What one case is refused hinders no other, so the answer is 200 with a result for each. Sent again under its key, nothing is done twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import uuid5

from fastapi import APIRouter

from services.routing.calls import TheKey, TheNode
from services.routing.commands import Desk, at_desk, deciding
from services.routing.decisions import answer
from services.routing.rights import Approver, Worker
from services.routing.shapes import Answer, CaseOut
from services.routing.work import drafts, keys
from services.routing.work.keys import Done, Key
from services.routing.work.shapes import BulkAnswer, BulkApproval, BulkItem, BulkOut, BulkResult, DraftOut
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem

router = APIRouter()
T = TypeVar("T", CaseOut, DraftOut)


@router.post("/v1/cases/responses")
async def answer_many(asked: BulkAnswer, who: Worker, node: TheNode, key: TheKey) -> BulkOut:
    """Answers each case, on the version of it that was read."""
    words = Answer(outcome=asked.outcome, reasons=asked.reasons)

    async def one(desk: Desk, item: BulkItem) -> CaseOut:
        desk.demand(item.version)
        return CaseOut.of(await answer(desk, words))

    return await _each(node, who, key, asked.cases, CaseOut, one)


@router.post("/v1/cases/drafts")
async def draft_many(asked: BulkAnswer, who: Worker, node: TheNode, key: TheKey) -> BulkOut:
    """Drafts this answer to each case and submits it; versions are those of the drafts that were read, 0 where there is none."""

    async def one(desk: Desk, item: BulkItem) -> DraftOut:
        draft = await drafts.written(desk, item.version, asked.outcome, asked.reasons)
        return await drafts.submitted(desk, draft.version)

    return await _each(node, who, key, asked.cases, DraftOut, one)


@router.post("/v1/cases/approvals")
async def approve_many(asked: BulkApproval, who: Approver, node: TheNode, key: TheKey) -> BulkOut:
    """Approves the draft of each case, on the version of the draft that was read."""
    return await _each(node, who, key, asked.cases, DraftOut, lambda desk, item: drafts.approved(desk, item.version))


async def _each(
    node: Node, who: Principal, key: Key | None, items: Sequence[BulkItem], shape: type[T], act: Callable[[Desk, BulkItem], Awaitable[T]]
) -> BulkOut:
    results = []
    for item in items:
        try:
            version = await _one(node, who, key, item, shape, act)
            results.append(BulkResult(reference=item.reference, status=200, version=version))
        except Problem as no:
            if no.status >= 500:
                raise
            results.append(BulkResult(reference=item.reference, status=no.status, code=no.code, detail=no.detail))
    return BulkOut(results=results)


async def _one(
    node: Node, who: Principal, key: Key | None, item: BulkItem, shape: type[T], act: Callable[[Desk, BulkItem], Awaitable[T]]
) -> int:
    own = Key(uuid5(key.id, item.reference), key.digest) if key else None

    async def done(tx: Tx) -> Done[T]:
        desk = await at_desk(tx, who, item.reference)
        return Done(await act(desk, item), desk.registers.complaint_id)

    return (await deciding(node, lambda tx: keys.once(tx, own, shape, done))).version
