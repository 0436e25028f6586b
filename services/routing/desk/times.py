"""The times of a request for information, and the due date that a queue is sorted by. Pure."""

from datetime import datetime

from services.routing.desk.refusals import conflict
from shared.contracts.calendars import Calendar
from shared.contracts.directory import Directory
from shared.contracts.procedures import Procedure, Span
from shared.contracts.spans import Count, Reach
from shared.contracts.states import Case, Clocks, ClockState


def lapses_at(law: Procedure, directory: Directory, now: datetime) -> datetime:
    """When an unanswered request, made now, ends by itself. 409 requests-exhausted where the law has no requests."""
    if law.requests.lapse is None:
        raise conflict("requests-exhausted", f"{law.ref} allows no requests for information.")
    rule = next((clock for clock in law.clocks if clock.follows_request and clock.holder == "citizen"), None)
    first_day_counts = rule is not None and rule.first_day_counts
    count = Count(_calendar(law.requests.lapse, directory))
    return count.reach(law.requests.lapse, now, first_day_counts=first_day_counts).due_at


def in_last_days(law: Procedure, span: Span, clocks: Clocks, directory: Directory, now: datetime) -> bool:
    """Whether now lies in the last days, or past the end, of a clock that a request would pause.

    The last n days are those that end with the last legal day; a clock that is not known yet forbids nothing.
    """
    calendar = _calendar(span, directory)
    pausable = {rule.code for rule in law.clocks if rule.paused_by_requests}
    return any(begin <= now for clock in clocks if clock.code in pausable and (begin := _last_days_begin(span, clock, calendar)))


def due_at(law: Procedure | None, case: Case, clocks: Clocks) -> datetime | None:
    """When the answer is due: the earliest due time of the clocks that only an answer, or a closing, stops; None for a closed case."""
    codes = {rule.code for rule in law.clocks if rule.awaits_answer} if law and case.open else set()
    return min((c.due_at for c in clocks if c.code in codes and c.state in ("running", "paused") and c.due_at), default=None)


def _last_days_begin(span: Span, clock: ClockState, calendar: Calendar) -> datetime | None:
    if clock.due_at is None or clock.last_day is None:
        return None
    begin = Count(calendar).before(span, Reach(clock.last_day, clock.due_at))
    return begin if span.unit == "hours" else calendar.day_ends_at(calendar.local_date(begin))


def _calendar(span: Span, directory: Directory) -> Calendar:
    calendar = directory.calendar(span.calendar)
    if calendar is None:
        raise conflict("calendar-unknown", "The calendar of this procedure has not been loaded yet: try again.")
    return calendar
