"""The fact row: what the figures need of one complaint, a pure function of its registers and of the directory.

Nothing in it depends on when it is computed. What does (whether an open complaint is overdue, how long it has waited)
is counted when the figures are read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.directory import Directory
from shared.contracts.known import Known
from shared.contracts.states import CLOSED, Case, Filing, RatingGiven

ANSWERED = ("answered", "refused")
NO_ZONE = "UTC"
"""Stands in until a pack has been read; rows made under another zone than the pack's are made again."""


@dataclass(frozen=True)
class FactRow:
    """One complaint. Dates are local days of `time_zone`; the day of filing is day 0.

    body: who answered, else who holds it, else who held it last; None: the national desk.
    days: from filing to the answer or to another closing; None while open.
    in_time: answered before due_at; None without an answer or without a clock that an answer stops.
    entered_late: already due when it was entered, so that its breach is not the body's.
    bodies: how many different bodies have held it.
    law_known: whether the procedure had been read when the row was made; without it due_at cannot be said.
    """

    complaint_id: UUID
    procedure: str
    kind: str | None
    body: str | None
    public_service: str | None
    territory: str
    filed_at: datetime
    filed_on: date
    month: date
    time_zone: str
    status: str
    answered_at: datetime | None
    due_at: datetime | None
    days: int | None
    in_time: bool | None
    rated: bool
    satisfied: bool | None
    renewal_of: str | None
    entered_late: bool
    bodies: int
    law_known: bool


def fact_row(known: Known, directory: Directory) -> FactRow:
    """The row of a complaint. With any writer still unheard of there is a row: the complaint exists and counts as open."""
    header, case = known.header, known.routing
    zone = time_zone(directory)
    filed_on = local_date(header.filed_at, zone)
    status = _status(case)
    answered_at = case.response.posted_at if case and case.response and status in ANSWERED else None
    due_at = answer_due(known, directory)
    rating = _rating(known.intake, case)
    return FactRow(
        complaint_id=header.id,
        procedure=header.procedure,
        kind=_kind(known, directory),
        body=_body(case),
        public_service=(case and case.public_service) or header.public_service,
        territory=header.territory,
        filed_at=header.filed_at,
        filed_on=filed_on,
        month=filed_on.replace(day=1),
        time_zone=zone,
        status=status,
        answered_at=answered_at,
        due_at=due_at,
        days=_days(case, status, filed_on, zone),
        in_time=answered_at < due_at if answered_at and due_at else None,
        rated=rating is not None,
        satisfied=rating.satisfied if rating else None,
        renewal_of=next((link.reference for link in header.links if link.rel == "renews"), None),
        entered_late=due_at is not None and header.recorded_at >= due_at,
        bodies=len({entry.body for entry in case.custody}) if case else 0,
        law_known=directory.procedure(header.procedure) is not None,
    )


def answer_due(known: Known, directory: Directory) -> datetime | None:
    """When the answer is due, in UTC: the earliest due_at among the clocks that only an answer, or a closing, stops.

    None while the clocks or the procedure have not been read, and for a procedure that sets none.
    """
    procedure = directory.procedure(known.header.procedure)
    if procedure is None:
        return None
    codes = {rule.code for rule in procedure.clocks if rule.awaits_answer}
    return min((clock.due_at for clock in known.deadlines or () if clock.code in codes and clock.due_at), default=None)


def time_zone(directory: Directory) -> str:
    return directory.pack.time_zone if directory.pack else NO_ZONE


def local_date(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _status(case: Case | None) -> str:
    """One of five: every complaint is open or closed in one of four ways, so that these always add up."""
    return case.status if case and case.status in CLOSED else "open"


def _kind(known: Known, directory: Directory) -> str | None:
    if known.routing:
        return known.routing.kind
    procedure = directory.procedure(known.header.procedure)
    return procedure.kind if procedure else None


def _body(case: Case | None) -> str | None:
    if case is None:
        return None
    return (case.response and case.response.body) or case.body


def _days(case: Case | None, status: str, filed_on: date, zone: str) -> int | None:
    if case is None or status not in CLOSED:
        return None
    ended_at = case.response.posted_at if case.response and status in ANSWERED else case.closed_at
    return max((local_date(ended_at, zone) - filed_on).days, 0) if ended_at else None


def _rating(filing: Filing | None, case: Case | None) -> RatingGiven | None:
    """The rating of the answer that counts; the last one given, since a rating may be changed."""
    if filing is None or case is None or case.response is None:
        return None
    return next((given for given in reversed(filing.ratings) if given.response_id == case.response.id), None)
