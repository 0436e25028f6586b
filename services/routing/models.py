"""The rows of routing's own tables."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class CaseRow(NamedTuple):
    """A case in the desk's queue: what is listed, sorted and filtered. Derived from the registers, never decided on."""

    complaint_id: UUID
    reference: str
    status: str
    body: str | None
    public_service: str | None
    territory: str
    procedure: str
    filed_at: datetime
    due_at: datetime | None
    taken_up_at: datetime | None
    version: int
    restricted: bool = False


COLUMNS = {
    "complaint_id": "uuid",
    "reference": "text",
    "status": "text",
    "body": "text",
    "public_service": "text",
    "territory": "text",
    "procedure": "text",
    "filed_at": "timestamptz",
    "due_at": "timestamptz",
    "taken_up_at": "timestamptz",
    "version": "int",
    "restricted": "boolean",
}
"""Name and type of each field of CaseRow, in its order."""


class Entry(NamedTuple):
    """Who did or read what, and when in legal time. `sub` stays here: it never travels in a fact."""

    at: datetime
    sub: str
    role: str
    body: str | None
    reference: str
    action: str


class Audited(NamedTuple):
    id: int
    entry: Entry
