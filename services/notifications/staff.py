"""What a body's desk and the national desk must be told. Pure."""

from collections.abc import Iterator
from datetime import datetime

from services.notifications.bodies import inherited_from
from services.notifications.clocks import of_clock
from services.notifications.notice import NATIONAL, Intent, Known, body_audience
from shared.contracts.base import iso
from shared.contracts.states import Case, ClockState


def staff(known: Known, clock: ClockState | None) -> Iterator[Intent]:
    """Everything that stands to be told to desks, besides what the clocks say. `clock`: the one that an answer stops."""
    case = known.routing
    if case is None:
        return
    if case.open and not inherited_from(case):
        # Of the cases of a closed body its successor is told once for all.
        yield _arrival(known, case, clock)
    for request in case.requests:
        if request.supplied_at:
            yield Intent("information-received", str(request.id), _holder(case, request.supplied_at), {}, request.supplied_at)
    if case.status == "withdrawn" and case.closed_at and case.custody:
        yield Intent("withdrawn", iso(case.closed_at), _holder(case, case.closed_at), {}, case.closed_at)


def _arrival(known: Known, case: Case, clock: ClockState | None) -> Intent:
    params = of_clock(clock) if clock else {}
    if case.body and case.custody:
        now = case.custody[-1]
        return Intent("new-case", iso(now.since), body_audience(now.body), params, now.since)
    left = case.custody[-1].until if case.custody else known.header.recorded_at
    return Intent("triage-case", str(len(case.custody)), NATIONAL, params, left)


def _holder(case: Case, at: datetime) -> str:
    """Who had the case at an instant, however often it has moved since."""
    had = [c for c in case.custody if c.since <= at and (c.until is None or at <= c.until)]
    return body_audience(had[-1].body) if had else NATIONAL
