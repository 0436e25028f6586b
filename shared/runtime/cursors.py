"""Opaque cursors of pages: where one ended, so that rows that change meanwhile shift no other row out of sight."""

import base64
import json
from typing import Any

from shared.runtime.errors import Problem

UNCHANGED = "Give the `next` of the page before, unchanged."


def written(place: Any) -> str:
    """A place (anything that JSON holds) as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode()


def read(cursor: str) -> Any:
    """What was written; any other text raises ValueError, or gives what the caller must refuse."""
    return json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))


def number(cursor: str | None, detail: str = UNCHANGED) -> int:
    """The row's number that was written; 0 without a cursor. Problem 422 cursor-invalid."""
    if cursor is None:
        return 0
    try:
        found = read(cursor)
    except ValueError as error:
        raise invalid(detail) from error
    if not isinstance(found, int) or not 0 <= found < 1 << 63:
        raise invalid(detail)
    return found


def invalid(detail: str = UNCHANGED) -> Problem:
    """Problem 422 cursor-invalid."""
    return Problem(422, "cursor-invalid", detail, field="cursor")
