"""The two clocks that run whatever the law sets: the citizen's total, and each body's custody. Days are local dates, as in due dates."""

from collections.abc import Iterator
from datetime import datetime

from shared.contracts.base import Contract, Instant
from shared.contracts.calendars import Calendar
from shared.contracts.complaint import Header
from shared.contracts.states import Case, Filing


class Turn(Contract):
    """A time in which a body had the case; body None: nobody had it yet, or the national desk. until None: it goes on.

    days: from the local date of the beginning, which is day 0, to that of the end, or of now.
    """

    body: str | None
    since: Instant
    until: Instant | None
    days: int


class Elapsed(Contract):
    """`days` is the sum of the turns' days: they follow one another without a gap, from the filing on, and no transfer starts it anew."""

    days: int
    until: Instant | None
    turns: tuple[Turn, ...]


def elapsed(header: Header, filing: Filing | None, case: Case | None, calendar: Calendar, now: datetime) -> Elapsed:
    """What has passed by `now`, or by the end of the case: its closing, or the citizen's withdrawal that is on its way."""
    closed = (case.closed_at if case else None) or (filing.withdrawn_at if filing and not (case and case.closed_at) else None)
    until = max(closed, header.filed_at) if closed else None
    end = until or max(now, header.filed_at)
    turns = tuple(_turn(body, since, to, end, until, calendar) for body, since, to in _times(header, case, end))
    return Elapsed(days=_days(header.filed_at, end, calendar), until=until, turns=turns)


def _times(header: Header, case: Case | None, end: datetime) -> Iterator[tuple[str | None, datetime, datetime]]:
    """Who had it from when to when, from the filing to the end. A turn of no length is left out, but for the last."""
    at = header.filed_at
    for custody in case.custody if case else ():
        since, to = (min(max(moment, at), end) for moment in (custody.since, custody.until or end))
        if since > at:
            yield None, at, since
        if to > since:
            yield custody.body, since, to
        at = max(to, since)
    if at < end or at == header.filed_at:
        yield None, at, end


def _turn(body: str | None, since: datetime, to: datetime, end: datetime, until: datetime | None, calendar: Calendar) -> Turn:
    return Turn(body=body, since=since, until=until if to == end else to, days=_days(since, to, calendar))


def _days(since: datetime, to: datetime, calendar: Calendar) -> int:
    return (calendar.local_date(to) - calendar.local_date(since)).days
