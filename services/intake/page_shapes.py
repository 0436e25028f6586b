"""The page of a complaint, as it is shown to whoever may follow it."""

from datetime import date
from uuid import UUID

from services.intake import examples
from services.intake.shapes import DoorOut, Withdrawal
from services.intake.timeline import Moment
from shared.contracts.base import Contract, Instant
from shared.contracts.complaint import Link
from shared.contracts.elapsed import Elapsed
from shared.contracts.states import Coded
from shared.runtime.examples import shown


class BodyOut(Contract):
    id: str
    name: str | None


class Due(Contract):
    """at: the first instant that is too late; last_day: the last legal day. overdue: it has passed, and an answer is still owed."""

    at: Instant
    last_day: date | None
    clock: str
    overdue: bool
    why: tuple[str, ...]


class ClockOut(Contract):
    code: str
    label: str | None
    status: str
    holder: str
    body: str | None
    starts_at: Instant | None
    due_at: Instant | None
    last_day: date | None
    why: tuple[str, ...]


class RequestOut(Contract):
    """text: None until the body's words have arrived, and for whoever may not read papers."""

    id: UUID
    asked_at: Instant
    lapses_at: Instant
    text: str | None
    supplied_at: Instant | None
    lapsed_at: Instant | None


class ResponseOut(Contract):
    id: UUID
    outcome: str
    outcome_label: str | None
    door: DoorOut | None = None
    reasons: str | None
    body: str | None
    posted_at: Instant
    amended_at: Instant | None


class RatingOut(Contract):
    response_id: UUID
    satisfied: bool
    at: Instant
    comment: str | None


class FilerOut(Contract):
    name: str | None
    email: str | None
    phone: str | None
    language: str


class TextOut(Contract):
    request_id: UUID
    at: Instant
    text: str


class Tracking(Contract):
    """A complaint's page. filer, subject, narrative and texts are there for the holder of the secret, until erasure."""

    model_config = shown(examples.PAGE)

    id: UUID
    reference: str
    status: str
    procedure: str
    title: str | None
    kind: str | None
    body: BodyOut | None
    public_service: str | None
    territory: str
    channel: str
    filed_at: Instant
    recorded_at: Instant
    coded: dict[str, Coded]
    links: tuple[Link, ...]
    due: Due | None
    clocks: tuple[ClockOut, ...]
    elapsed: Elapsed | None = None
    withdrawal: Withdrawal | None
    requests: tuple[RequestOut, ...]
    response: ResponseOut | None
    ratings: tuple[RatingOut, ...]
    timeline: tuple[Moment, ...]
    filer: FilerOut | None = None
    subject: str | None = None
    narrative: str | None = None
    private: dict[str, str] | None = None
    supplied: tuple[TextOut, ...] = ()
    erased_at: Instant | None = None
