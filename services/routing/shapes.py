"""What the desk's interface takes and gives."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.routing.examples import BODY, CASE, LINE, PAPERS, REFERENCE, SUB, TAKEN_UP, WORDS
from services.routing.models import Audited, Counts, Queued
from shared.contracts.base import Instant
from shared.contracts.complaint import Header
from shared.contracts.private import Answers, Papers
from shared.contracts.states import Case, ClockState, Filing
from shared.messaging.registers import Registers
from shared.runtime.examples import shown
from shared.runtime.text import Clean

Coded = Annotated[str, Clean(64)]


class Asked(BaseModel):
    """A request's body; a field that does not exist is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Assignment(Asked):
    model_config = shown({"body": BODY, "reason": "competence"})

    body: Coded | None = Field(description="The body that gets the case; null: back to the national desk.")
    reason: Coded | None = Field(default=None, description="A code of the procedure's transfers; only a case in triage needs none.")


class InformationRequest(Asked):
    model_config = shown({"text": "Which year is it for?"})

    text: Annotated[str, Clean(10_000)] = Field(description="What the filer is asked, in the filer's language.")


class Extension(Asked):
    model_config = shown({"clock": "answer", "reason": "third-party"})

    clock: Coded
    reason: Coded


class Answer(Asked):
    model_config = shown({"outcome": "favourable", "reasons": WORDS})

    outcome: Coded = Field(description="A code of the procedure's outcomes or refusals.")
    reasons: Annotated[str, Clean(20_000)] | None = None


class CaseOut(BaseModel):
    """A case as the facts have it: the state of each of the three services that decide about it."""

    model_config = shown(CASE)

    reference: str
    version: int = Field(description="For If-Match; also the ETag.")
    complaint: Header
    filing: Filing | None
    case: Case
    deadlines: tuple[ClockState, ...]

    @classmethod
    def of(cls, registers: Registers, **more: object) -> Self:
        states = {"filing": registers.intake, "case": registers.routing, "deadlines": registers.deadlines or ()}
        named = {"reference": registers.header.reference, "version": registers.routing_version, "complaint": registers.header}
        return cls.model_validate({**named, **states, **more})


class CaseWithPapers(CaseOut):
    """Null for an auditor, and where the filer's data has been erased or has not arrived yet."""

    model_config = shown({**CASE, "papers": PAPERS, "answers": None})

    papers: Papers | None
    answers: Answers | None


class CaseLine(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reference: str
    status: str
    body: str | None
    public_service: str | None
    territory: str
    procedure: str
    filed_at: Instant
    due_at: Instant | None = Field(description="The first instant that is too late for the answer; null: no clock runs.")
    taken_up_at: Instant | None
    version: int
    assignee: str | None = Field(description="The `sub` of the colleague who has it.")
    unit: str | None


class CasePage(BaseModel):
    model_config = shown({"cases": [{**LINE, "taken_up_at": TAKEN_UP, "assignee": SUB, "unit": None}], "next": None})

    cases: list[CaseLine]
    next: str | None = Field(description="The cursor of the next page; null: this was the last.")

    @classmethod
    def of(cls, rows: list[Queued], next: str | None) -> Self:
        lines = [CaseLine.model_validate({**row.case._asdict(), "assignee": row.assignee, "unit": row.unit}) for row in rows]
        return cls(cases=lines, next=next)


_COUNTS: dict[str, JsonValue] = {"triage": 0, "with_body": 41, "waiting_for_citizen": 6, "overdue": 2}


class CountsOut(BaseModel):
    """Open cases in your scope. mine: given to you, or to an absent colleague whose deputy you are."""

    model_config = shown({"as_of": TAKEN_UP, **_COUNTS, "unassigned": 9, "mine": 12, "my_unit": 17})

    as_of: Instant
    triage: int
    with_body: int
    waiting_for_citizen: int
    overdue: int = Field(description="The answer's due time is over.")
    unassigned: int = Field(description="Given to no colleague and no unit.")
    mine: int
    my_unit: int

    @classmethod
    def of(cls, counts: Counts, now: Instant) -> Self:
        return cls(as_of=now, **counts._asdict())


class AuditLine(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: Instant
    sub: str
    role: str
    body: str | None
    reference: str
    action: str


_ENTRY: dict[str, JsonValue] = {"at": TAKEN_UP, "sub": SUB, "role": "body-agent", "body": BODY, "reference": REFERENCE, "action": "take-up"}


class AuditPage(BaseModel):
    model_config = shown({"entries": [_ENTRY], "next": None})

    entries: list[AuditLine]
    next: str | None

    @classmethod
    def of(cls, rows: list[Audited], next: str | None) -> Self:
        return cls(entries=[AuditLine.model_validate(row.entry) for row in rows], next=next)
