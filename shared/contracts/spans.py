"""How far a legal span reaches: counted on local dates of a calendar, never by adding 24 hours to an instant.

due_at is the first instant that is too late: local midnight after the last legal day, in UTC. In time means before it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.contracts.base import to_milliseconds
from shared.contracts.calendars import Calendar
from shared.contracts.procedures import Span

DAY = timedelta(days=1)
Block = tuple[date, date]
"""Local dates from the first to the last, both included."""


@dataclass(frozen=True)
class Reach:
    """Where a span ends. `unrolled` is its last day before it was moved off a day off; None where it was not moved."""

    last_day: date
    due_at: datetime
    unrolled: date | None = None


@dataclass(frozen=True)
class Count:
    """Counts spans on one calendar. The dates of `out` (ascending, disjoint blocks) are no days, whatever the unit."""

    calendar: Calendar
    out: tuple[Block, ...] = ()

    def reach(self, span: Span, start: datetime, *, first_day_counts: bool = False) -> Reach:
        """The end of a span that starts at an instant. The local date of the start is day 0, or day 1 if it counts.

        A month ends on the day of its own number, or on the last of a month that is too short. Hours are elapsed hours.
        """
        if span.unit == "hours":
            return self._elapsed(start, span.n)
        day_0 = self.calendar.local_date(start) - (DAY if first_day_counts else timedelta())
        return self._ending(span, self._last(span, day_0, first_day_counts))

    def further(self, span: Span, reach: Reach) -> Reach:
        """The end of a span that follows another one: its day 0 is the last day of that."""
        if span.unit == "hours":
            return self._elapsed(reach.due_at, span.n)
        return self._ending(span, self._last(span, reach.last_day, False))

    def before(self, span: Span, reach: Reach) -> datetime:
        """A span ahead of an end: the beginning of the n-th day before the last day, or n hours before due_at."""
        if span.unit == "hours":
            return reach.due_at - timedelta(hours=span.n)
        return self.calendar.day_starts_at(self._moved(span, reach.last_day, -1))

    def after(self, span: Span, reach: Reach) -> datetime:
        """A span past an end: the beginning of the n-th day after the last day, or n hours after due_at."""
        if span.unit == "hours":
            return reach.due_at + timedelta(hours=span.n)
        return self.calendar.day_starts_at(self._moved(span, reach.last_day, 1))

    def is_out(self, day: date) -> bool:
        for first, last in self.out:  # noqa: SIM110 -- any() with a generator takes twice the time, and this is what counting is made of
            if first <= day <= last:
                return True
        return False

    def _last(self, span: Span, day_0: date, first_day_counts: bool) -> date:
        if span.unit == "working_days":
            return self._nth_working(day_0, span.n)
        if span.unit == "months":
            return self._nth(day_0, (months_later(day_0, span.n, to_the_day_before=first_day_counts) - day_0).days)
        return self._nth(day_0, span.n)

    def _nth(self, day_0: date, n: int) -> date:
        """The n-th date after day_0 that is not out."""
        last = day_0 + n * DAY
        for first_out, last_out in self.out:
            first_out = max(first_out, day_0 + DAY)
            if first_out > last:
                break
            if last_out >= first_out:
                last += last_out - first_out + DAY
        return last

    def _nth_working(self, day_0: date, n: int) -> date:
        is_day_off, day = self.calendar.is_day_off, day_0
        while n:
            day += DAY
            if not (is_day_off(day) or (self.out and self.is_out(day))):
                n -= 1
        return day

    def _ending(self, span: Span, last: date) -> Reach:
        rolled = last
        while span.roll == "next_working_day" and (self.calendar.is_day_off(rolled) or self.is_out(rolled)):
            rolled += DAY
        return Reach(rolled, self.calendar.day_ends_at(rolled), None if rolled == last else last)

    def _elapsed(self, start: datetime, hours: int) -> Reach:
        """Hours that pass outside the dates that are out."""
        at, left = start, timedelta(hours=hours)
        for first, last in self.out:
            begin, end = self.calendar.day_starts_at(first), self.calendar.day_ends_at(last)
            if end <= at:
                continue
            if begin > at:
                if begin - at >= left:
                    break
                left -= begin - at
            at = end
        due_at = to_milliseconds(at + left)
        return Reach(self.calendar.local_date(due_at - timedelta(milliseconds=1)), due_at)

    def _moved(self, span: Span, day: date, way: int) -> date:
        if span.unit == "calendar_days":
            return day + way * span.n * DAY
        if span.unit == "months":
            return months_later(day, way * span.n)
        left = span.n
        while left:
            day += way * DAY
            left -= not self.calendar.is_day_off(day)
        return day


def months_later(day: date, n: int, *, to_the_day_before: bool = False) -> date:
    """The day of the same number n months on, clamped to the month's end.

    to_the_day_before: `day` is the eve of the first day, and the end is the eve of that first day's number: a month that
    begins on 1 March ends on 31 March, one that begins on 31 January ends on the last of February.
    """
    first = day + DAY if to_the_day_before else day
    year, month = divmod(first.year * 12 + first.month - 1 + n, 12)
    target = first.day - to_the_day_before
    if target == 0:
        return date(year, month + 1, 1) - DAY
    return date(year, month + 1, min(target, monthrange(year, month + 1)[1]))
