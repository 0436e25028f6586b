"""The due date of one clock: its span, the days that requests take out of it, its extensions. Pure; never asks what time it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.deadlines.calendars import Asked, asked_by, pauses
from shared.contracts.calendars import Calendar
from shared.contracts.procedures import ClockRule, Span
from shared.contracts.spans import DAY, Count, Reach
from shared.contracts.states import Case, Request


@dataclass(frozen=True)
class Leg:
    """One span of a clock: counted from the day after day_0. The first is the rule's, the others its extensions.

    span None: the end was given by another decision and only taken over.
    """

    span: Span | None
    day_0: date
    reach: Reach


@dataclass(frozen=True)
class Due:
    """Where a clock ends and how that was counted. `moments`: when its warnings come, by their codes, as far as somebody has asked."""

    start: date
    count: Count
    legs: tuple[Leg, ...]
    asked: tuple[Asked, ...] = ()
    moments: dict[str, datetime] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def reach(self) -> Reach:
        return self.legs[-1].reach

    @property
    def paused_since(self) -> datetime | None:
        """Since when an open request holds the clock. One that was asked on the last day, or later, takes no day out."""
        holding = [a for a in self.asked if a.open and self.count.calendar.local_date(a.asked_at) < self.reach.last_day]
        return holding[0].asked_at if holding else None


@dataclass(frozen=True)
class Counted:
    """A rule on its calendar, from its start, with the decisions that move its end."""

    rule: ClockRule
    calendar: Calendar
    start: datetime
    case: Case | None

    def due(self, at: datetime | None) -> Due:
        """As known at an instant: later requests and extensions are not there yet, open requests last until they lapse.

        at None: as known by all that the states say.
        """
        return self._counted(at, self._extensions(at))

    def _extensions(self, at: datetime | None) -> int:
        """How many extensions count: no more than the rule allows, and (before_due) each granted before the due time then in force."""
        rule, counted = self.rule.extension, 0
        granted = sorted(e.granted_at for e in self.case.extensions if e.clock == self.rule.code) if self.case else []
        for granted_at in granted:
            if rule is None or counted == rule.times or (at is not None and granted_at > at):
                break
            if not rule.before_due or granted_at < self._counted(granted_at, counted).reach.due_at:
                counted += 1
        return counted

    def _counted(self, at: datetime | None, extensions: int) -> Due:
        asked = asked_by(self.case.requests, at) if self.case and self.rule.paused_by_requests else ()
        count = Count(self.calendar, pauses(self.calendar, asked))
        start = self.calendar.local_date(self.start)
        legs = [self._first(count, start)]
        for _ in range(extensions):
            legs.append(_further(count, self.rule.extension.span if self.rule.extension else self.rule.span, legs))
        return Due(start, count, tuple(legs), asked)

    def _first(self, count: Count, start: date) -> Leg:
        span = self.rule.span
        counts = self.rule.first_day_counts or span.unit == "hours"
        reach = count.reach(span, self.start, first_day_counts=self.rule.first_day_counts)
        return Leg(span, start - DAY if counts else start, reach)


def due_of_request(counted: Counted, request: Request) -> Due:
    """The clock of a request is due when the request lapses, as routing decided; its span explains it where it gives the same."""
    due = counted.due(request.asked_at)
    if due.reach.due_at == request.lapses_at:
        return due
    last_day = counted.calendar.local_date(request.lapses_at - timedelta(milliseconds=1))
    return replace(due, legs=(Leg(None, due.start, Reach(last_day, request.lapses_at)),))


def _further(count: Count, span: Span, legs: Sequence[Leg]) -> Leg:
    last = legs[-1].reach
    return Leg(span, last.last_day, count.further(span, last))
