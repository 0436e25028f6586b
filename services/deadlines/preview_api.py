"""POST /v1/calendars/{code}/preview: what a change of a calendar would move. It changes nothing; routing's directory makes the change."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from services.deadlines import examples, store
from services.deadlines.preview import Preview, with_calendar
from shared.contracts.base import Instant
from shared.contracts.calendars import Calendar, CalendarEdit
from shared.messaging import registers
from shared.messaging.node import Node
from shared.runtime.auth import Principal, staff
from shared.runtime.errors import Problem, invalid_in
from shared.runtime.examples import in_body, shown

router = APIRouter()
PAGE = 100
"""Complaints read and counted before others get their turn: some 30 ms."""


class MoveOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reference: str
    clock: str
    before: date
    after: date
    due_before: Instant
    due_after: Instant
    taken_back: bool


class PreviewOut(BaseModel):
    """of_version: the version that was read, for the change's If-Match. taken_back: breaches that would not stand."""

    model_config = shown(examples.PREVIEW)

    calendar: str
    of_version: int
    complaints: int
    clocks: int
    moved: int
    later: int
    earlier: int
    taken_back: int
    examples: list[MoveOut]


@router.post(
    "/v1/calendars/{code}/preview",
    summary="How many dates a change of a calendar would move, and which way",
    openapi_extra=in_body(examples.DAYS),
)
async def preview_calendar(
    request: Request, code: str, edit: CalendarEdit, who: Annotated[Principal, Depends(staff("national-desk"))]
) -> PreviewOut:
    """Counts every open clock of this calendar as if the change had been made: at 100,000 clocks this takes a minute.

    Whoever asks sees the counts and the first ten examples by due date; nothing is changed, and nobody is told.
    """
    node: Node = request.app.state.node
    known = (await node.directory()).calendars.get(code)
    if known is None:
        raise Problem(404, "calendar-unknown", "No calendar has this code: take one from the directory.")
    found = await count(node, _edited(known, edit))
    return PreviewOut(
        calendar=code,
        of_version=known.version,
        complaints=found.complaints,
        clocks=found.clocks,
        moved=found.later + found.earlier,
        later=found.later,
        earlier=found.earlier,
        taken_back=found.taken_back,
        examples=[MoveOut.model_validate(move) for move in Preview.first(found.examples)],
    )


async def count(node: Node, calendar: Calendar) -> Preview:
    """Goes through the complaints page by page, each page as it is when its turn comes."""
    found, after = Preview(), with_calendar(await node.directory(), calendar)
    last: UUID | None = None
    while True:
        async with node.read() as conn:
            ids = await store.counted_on(conn, calendar.code, last, PAGE)
            states = await registers.load(conn, ids, lock=False)
        for known in states.values():
            found.add(known, after, node.clock.now())
        if len(ids) < PAGE:
            return found
        last = ids[-1]
        await asyncio.sleep(0)


def _edited(known: Calendar, edit: CalendarEdit) -> Calendar:
    try:
        return known.edited(edit)
    except ValidationError as error:
        raise invalid_in(error, "invalid-calendar") from None
