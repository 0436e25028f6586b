"""Opaque cursors: where a page ended, so that rows that change meanwhile shift no other row out of sight."""

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.models import CaseRow
from services.routing.store import Place
from shared.contracts.base import iso, to_milliseconds
from shared.runtime.errors import Problem


def case_cursor(sort: str, row: CaseRow) -> str:
    at = row.due_at if sort == "due" else row.filed_at
    return _written([sort, iso(at) if at else None, row.complaint_id.hex])


def case_place(cursor: str | None, sort: str) -> Place | None:
    """Problem 422 cursor-invalid: no cursor of ours, or of a list that was sorted otherwise."""
    if cursor is None:
        return None
    try:
        sorted_by, at, id = _read(cursor)
        place = Place(_instant(at) if at else None, UUID(id))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise _invalid() from error
    if sorted_by != sort:
        raise _invalid()
    return place


def audit_cursor(id: int) -> str:
    return _written(id)


def audit_place(cursor: str | None) -> int:
    """Problem 422 cursor-invalid."""
    if cursor is None:
        return 0
    try:
        found = _read(cursor)
    except ValueError as error:
        raise _invalid() from error
    if not isinstance(found, int) or not 0 <= found < 1 << 63:
        raise _invalid()
    return found


def _written(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode()


def _read(cursor: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return to_milliseconds(at)


def _invalid() -> Problem:
    return Problem(422, "cursor-invalid", "Use the cursor as the last page gave it, with the same filters and sort.", field="cursor")
