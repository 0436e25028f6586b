"""Calendars over HTTP: read by any member of staff, changed by the national desk, after deadlines has said what the change would move."""

from fastapi import APIRouter, Response

from services.routing.calls import TheNode
from services.routing.directory import examples
from services.routing.directory.access import Looker, author
from services.routing.directory.calendars import change, find_calendar
from services.routing.rights import National
from shared.contracts.calendars import Calendar, CalendarEdit
from shared.runtime.examples import in_answer, in_body
from shared.runtime.preconditions import IfMatch

router = APIRouter(prefix="/v1/directory/calendars/{code}")


@router.get("", responses=in_answer(examples.CALENDAR))
async def read_calendar(code: str, who: Looker, node: TheNode, response: Response) -> Calendar:
    """A calendar as it counts now; its ETag is the version that a change names."""
    return _fresh(find_calendar(await node.directory(), code).calendar, response)


@router.put("", responses=in_answer(examples.CALENDAR), openapi_extra=in_body(examples.DAYS))
async def change_calendar(code: str, edit: CalendarEdit, version: IfMatch, who: National, node: TheNode, response: Response) -> Calendar:
    """Puts these days in place of the calendar's: its next version. Every open date is counted again; one that comes earlier is told.

    What would move, and which way, is asked of deadlines before: POST /v1/calendars/{code}/preview with the same document.
    """
    record = await node.command(lambda tx: change(tx, author(who), code, version, edit))
    return _fresh(record.calendar, response)


def _fresh(calendar: Calendar, response: Response) -> Calendar:
    response.headers["ETag"] = f'"{calendar.version}"'
    return calendar
