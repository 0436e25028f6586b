"""What the interface of the daily work takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from services.routing.examples import BODY, DRAFT, LINE, NOTE, REFERENCE, SEVERAL, SUB, TAKEN_UP, TEMPLATE, WORDS
from services.routing.shapes import Asked, Coded
from shared.contracts.base import Instant
from shared.runtime.examples import shown
from shared.runtime.text import Clean

_COLLEAGUE: dict[str, JsonValue] = {"sub": SUB, "body": BODY, "role": "body-agent", "unit": "civil-status", "last_at": TAKEN_UP}
_COLLEAGUE |= {"deputy": None, "absent_until": None}
_AWAY: dict[str, JsonValue] = {"deputy": SUB, "from": "2026-08-03T00:00:00Z", "until": "2026-08-24T00:00:00Z"}
_TEXT = "{reference} is ready."

Sub = Annotated[str, Clean(255)]


class Assignee(Asked):
    """To a colleague, to a unit, or to nobody (neither given)."""

    model_config = shown({"sub": SUB})

    sub: Sub | None = Field(default=None, description="A colleague at the body that has the case, from GET /v1/staff.")
    unit: Coded | None = Field(default=None, description="A unit of that body, as its admin names them.")

    @model_validator(mode="after")
    def _one(self) -> "Assignee":
        if self.sub and self.unit:
            raise PydanticCustomError("one_assignee", "Name a colleague or a unit, not both.")
        return self


class AssigneeOut(BaseModel):
    model_config = shown({"reference": REFERENCE, "sub": SUB, "unit": None})

    reference: str
    sub: str | None
    unit: str | None


class Note(Asked):
    model_config = shown({"text": "Called the office."})

    text: Annotated[str, Clean(10_000)]


class NoteOut(BaseModel):
    model_config = shown(NOTE, from_attributes=True)

    id: int
    at: Instant
    sub: str
    role: str
    body: str | None
    text: str


class NotesOut(BaseModel):
    model_config = shown({"notes": [NOTE]})

    notes: list[NoteOut]


class DraftIn(Asked):
    model_config = shown({"outcome": "favourable", "reasons": WORDS})

    outcome: Coded = Field(description="A code of the procedure's outcomes or refusals.")
    reasons: Annotated[str, Clean(20_000)] | None = None


class DraftOut(BaseModel):
    """steps: how many approvals the procedure wants; `approvers` are those that these very words have."""

    model_config = shown(DRAFT)

    reference: str
    version: int = Field(description="For If-Match; also the ETag. The draft's own, not the case's.")
    body: str | None
    state: Literal["draft", "submitted", "approved", "returned"]
    outcome: str
    reasons: str | None
    steps: int
    writers: tuple[str, ...]
    approvers: tuple[str, ...]
    comment: str | None = Field(description="Why it was given back.")
    at: Instant


class Comment(Asked):
    model_config = shown({"comment": "Say until when."})

    comment: Annotated[str, Clean(2_000)]


class Colleague(BaseModel):
    """absent: their deputy and until when, where they are away now."""

    model_config = shown(_COLLEAGUE, from_attributes=True)

    sub: str
    body: str | None
    role: str
    unit: str | None
    last_at: Instant = Field(description="When they last used the desk, to the hour.")
    deputy: str | None = Field(description="Who stands for them now.")
    absent_until: Instant | None


class Colleagues(BaseModel):
    model_config = shown({"staff": [_COLLEAGUE]})

    staff: list[Colleague]


class Unit(Asked):
    model_config = shown({"unit": "civil-status"})

    unit: Coded | None = Field(description="Null: of no unit.")


class Absence(Asked):
    model_config = shown(_AWAY)

    deputy: Sub
    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime

    @model_validator(mode="after")
    def _forward(self) -> "Absence":
        if self.until <= self.since:
            raise PydanticCustomError("not_forward", "An absence ends after it begins.")
        return self


class AbsenceOut(BaseModel):
    model_config = shown({"sub": "45c48cce", **_AWAY}, populate_by_name=True)

    sub: str
    deputy: str
    since: datetime = Field(alias="from")
    until: datetime


class Handover(Asked):
    model_config = shown({"to": SUB})

    to: Sub


class HandedOver(BaseModel):
    model_config = shown({"cases": 23})

    cases: int = Field(description="How many open cases changed hands.")


class FoundLine(BaseModel):
    """name and subject: null where the filer's data has been erased or has not arrived yet."""

    reference: str
    status: str
    body: str | None
    public_service: str | None
    territory: str
    procedure: str
    filed_at: Instant
    due_at: Instant | None
    version: int
    match: Literal["reference", "phone", "words", "like-name"]
    name: str | None
    subject: str | None


class FoundOut(BaseModel):
    model_config = shown({"found": [{**LINE, "match": "words", "name": "Amal", "subject": "No birth certificate"}], "more": False})

    found: list[FoundLine]
    more: bool = Field(description="There are more: add a word or a filter.")


class BulkItem(Asked):
    reference: Coded
    version: int = Field(ge=0)


Items = Annotated[tuple[BulkItem, ...], Field(min_length=1, max_length=200)]


class BulkAnswer(Asked):
    model_config = shown({"cases": SEVERAL, "outcome": "favourable", "reasons": WORDS})

    cases: Items
    outcome: Coded
    reasons: Annotated[str, Clean(20_000)] | None = None


class BulkApproval(Asked):
    model_config = shown({"cases": SEVERAL})

    cases: Items


class BulkResult(BaseModel):
    """status: what this case alone would have been answered; code and detail where it was refused."""

    reference: str
    status: int
    version: int | None = None
    code: str | None = None
    detail: str | None = None


class BulkOut(BaseModel):
    model_config = shown({"results": [{"reference": REFERENCE, "status": 200, "version": 3, "code": None, "detail": None}]})

    results: list[BulkResult]


class Template(Asked):
    model_config = shown({"title": "Ready", "text": _TEXT, "outcome": "favourable"})

    title: Annotated[str, Clean(200)]
    text: Annotated[str, Clean(20_000)] = Field(description="May hold {reference}, {filed_on}, {public_service}, {body}, {territory}.")
    outcome: Coded | None = None


class TemplateOut(BaseModel):
    model_config = shown({**TEMPLATE, "text": _TEXT})

    code: str
    language: str
    title: str
    text: str
    outcome: str | None


class TemplatesOut(BaseModel):
    model_config = shown({"templates": [{**TEMPLATE, "text": _TEXT}]})

    templates: list[TemplateOut]


class FilledOut(BaseModel):
    model_config = shown({"reference": REFERENCE, "templates": [{**TEMPLATE, "text": f"{REFERENCE} is ready."}]})

    reference: str
    templates: list[TemplateOut]
