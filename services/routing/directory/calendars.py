"""A calendar changed by the national desk or an operator: the next version of its record, told like any other; deadlines counts again."""

from pathlib import Path

import structlog
from pydantic import ValidationError

from services.routing.directory.documents import PackRefused, read
from services.routing.directory.editing import edited
from services.routing.directory.store import Author
from services.routing.directory.writing import stored, today, write
from shared.contracts.calendars import Calendar, CalendarEdit
from shared.contracts.directory import CalendarRecord, Directory
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem, invalid_in
from shared.runtime.preconditions import demand_version

log = structlog.get_logger()
REFUSED = 8
OPERATOR = Author("operator", None, "edit-calendar")


def find_calendar(directory: Directory, code: str, version: int | None = None) -> CalendarRecord:
    """Problems: 404 calendar-unknown; 412 version-stale where it has moved on since that version was read."""
    record = directory.records.get(f"calendar/{code}")
    if not isinstance(record, CalendarRecord):
        raise Problem(404, "calendar-unknown", "No calendar has this code: take one from the directory.")
    if version is not None:
        detail = "The calendar has changed since you read it: read it again, preview the change again, then decide."
        demand_version(version, record.version, detail)
    return record


async def change(tx: Tx, who: Author, code: str, version: int, edit: CalendarEdit) -> CalendarRecord:
    """Writes the next version. Problems: those of find_calendar, 422 invalid-calendar where it contradicts itself."""
    known = find_calendar(await stored(tx), code, version)
    try:
        record = edited(known, today(tx), calendar=known.calendar.edited(edit))
    except ValidationError as error:
        raise invalid_in(error, "invalid-calendar") from None
    await write(tx, who, "calendar", [record])
    return record


async def edit_calendar(node: Node, file: str) -> int:
    """The operator's command: takes calendars/<code>.yaml, whose version must follow the stored one. Exit code 8 where it is refused."""
    path = Path(file)
    try:
        given = Calendar.model_validate(read(path.parent, path.name).data, extra="forbid")
        edit = CalendarEdit.model_validate(given.model_dump())
        record = await node.run(lambda tx: change(tx, OPERATOR, given.code, given.version - 1, edit))
    except (PackRefused, ValidationError) as refused:
        log.error("the calendar is refused, nothing was changed", file=file, why=str(refused))
        return REFUSED
    except Problem as refused:
        log.error("the calendar is refused, nothing was changed", file=file, why=f"{refused.code}: {refused.detail}")
        return REFUSED
    log.info("calendar changed", calendar=given.code, version=record.version)
    return 0
