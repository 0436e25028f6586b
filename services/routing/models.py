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


class Queued(NamedTuple):
    """A row of the queue, and who works on it at the body that has the case now."""

    case: CaseRow
    assignee: str | None
    unit: str | None


class Counts(NamedTuple):
    """Open cases: by status, then by what a desk asks for. overdue: the answer's due time is over."""

    triage: int
    with_body: int
    waiting_for_citizen: int
    overdue: int
    unassigned: int
    mine: int
    my_unit: int


class Entry(NamedTuple):
    """Who did or read what, and when in legal time. `sub` stays here: it never travels in a fact.

    reference None: about no one complaint. shown: the references of those whose people's data one list has shown.
    """

    at: datetime
    sub: str
    role: str
    body: str | None
    reference: str | None
    action: str
    shown: list[str] | None = None


class Audited(NamedTuple):
    id: int
    entry: Entry
