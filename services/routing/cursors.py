"""Where a page of cases, or of the audit, ended."""

from datetime import datetime
from uuid import UUID

from services.routing.models import CaseRow
from services.routing.store import Place
from shared.contracts.base import iso, to_milliseconds
from shared.runtime import cursors

_OTHER = "Use the cursor as the last page gave it, with the same filters and sort."


def case_cursor(sort: str, row: CaseRow) -> str:
    at = row.due_at if sort == "due" else row.filed_at
    return cursors.written([sort, iso(at) if at else None, row.complaint_id.hex])


def case_place(cursor: str | None, sort: str) -> Place | None:
    """Problem 422 cursor-invalid: no cursor of ours, or of a list that was sorted otherwise."""
    if cursor is None:
        return None
    try:
        sorted_by, at, id = cursors.read(cursor)
        place = Place(_instant(at) if at else None, UUID(id))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise cursors.invalid(_OTHER) from error
    if sorted_by != sort:
        raise cursors.invalid(_OTHER)
    return place


def audit_cursor(id: int) -> str:
    return cursors.written(id)


def audit_place(cursor: str | None) -> int:
    """Problem 422 cursor-invalid."""
    return cursors.number(cursor, _OTHER)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return to_milliseconds(at)
