"""GET /v1/notices: what staff may see of what was told about a complaint. No address is kept, so none is shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import BaseModel

from services.notifications import examples, store
from services.notifications.models import Listed
from shared.contracts.base import Instant
from shared.messaging import registers
from shared.messaging.node import Node
from shared.runtime import cursors
from shared.runtime.auth import BODY_ROLES, Principal, staff
from shared.runtime.errors import Problem
from shared.runtime.examples import shown
from shared.runtime.ids import parse_reference
from shared.runtime.scope import reaches

router = APIRouter()
READERS = (*sorted(BODY_ROLES), "national-desk", "auditor")
Reader = Annotated[Principal, Depends(staff(*READERS))]
PAGE, MOST = 50, 200


class Notice(BaseModel):
    """subject tells two notices of one code apart; reason says why one was skipped, failed or not yet taken."""

    id: UUID
    code: str
    subject: str
    audience: str
    channel: str | None
    language: str | None
    state: str
    reason: str | None
    sent_at: Instant | None


class Notices(BaseModel):
    """A page, in the order in which the notices were decided; `next` is the cursor of the next page, null on the last."""

    model_config = shown(examples.NOTICES)

    notices: list[Notice]
    next: str | None


@router.get("/v1/notices", response_model=Notices)
async def notices(
    request: Request,
    reader: Reader,
    reference: Annotated[str, Query(max_length=40)],
    cursor: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> Notices:
    """Problems: 404 complaint-not-found, for another body's complaint too; 422 cursor-invalid."""
    node: Node = request.app.state.node
    directory = await node.directory()
    after = cursors.number(cursor)
    async with node.read() as conn:
        known = await registers.find(conn, _reference(reference), lock=False)
        if known is None or not reaches(reader, known, directory):
            raise _not_found()
        rows = await store.page(conn, known.complaint_id, after=after, limit=limit + 1)
    return Notices(notices=[_shown(row) for row in rows[:limit]], next=cursors.written(rows[limit - 1].n) if len(rows) > limit else None)


def mount(app: FastAPI, node: Node) -> None:
    app.include_router(router)


def _shown(row: Listed) -> Notice:
    sent_at: datetime | None = row.sent_at
    names = ("id", "code", "subject", "audience", "channel", "language", "state", "reason")
    return Notice(**{name: getattr(row, name) for name in names}, sent_at=sent_at)


def _reference(text: str) -> str:
    try:
        return parse_reference(text)
    except ValueError:
        raise _not_found() from None


def _not_found() -> Problem:
    return Problem(
        404,
        "complaint-not-found",
        "No complaint with this reference is in your reach: check the reference and your role.",
        field="reference",
    )
