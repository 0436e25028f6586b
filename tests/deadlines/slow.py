"""The due date counted day by day (hours minute by minute), as a clerk would with a wall calendar.

It shares nothing with the code under test: not a helper, not a type, only the standard library's dates and zones.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class SlowSpan:
    def __init__(self, n: int, unit: str, roll: bool = False) -> None:
        self.n, self.unit, self.roll = n, unit, roll


class SlowRequest:
    def __init__(self, asked: datetime, lapses: datetime, ended: datetime | None = None) -> None:
        self.asked, self.lapses, self.ended = asked, lapses, ended


class SlowClock:
    zone: str
    weekly_off: frozenset[int]
    days_off: frozenset[date]
    start: datetime
    span: SlowSpan
    first_day_counts: bool = False
    paused: bool = True
    requests: tuple[SlowRequest, ...] = ()
    extension: SlowSpan | None = None
    times: int = 1
    before_due: bool = True
    granted: tuple[datetime, ...] = ()

    def __init__(self, **given: object) -> None:
        assert set(given) <= set(SlowClock.__annotations__), given
        self.__dict__.update(given)


class SlowEnd:
    def __init__(self, last_day: date, due_at: datetime, paused: bool) -> None:
        self.last_day, self.due_at, self.paused = last_day, due_at, paused


def slow_end(clock: SlowClock, at: datetime | None = None) -> SlowEnd:
    """The end as known at an instant (None: with all that is known)."""
    counted = 0
    for granted in sorted(clock.granted):
        if at is not None and granted > at:
            continue
        if clock.extension is None or counted >= clock.times:
            continue
        in_force = _end(clock, granted, counted)
        if granted < in_force.due_at or not clock.before_due:
            counted += 1
    return _end(clock, at, counted)


def _end(clock: SlowClock, at: datetime | None, extensions: int) -> SlowEnd:
    out = _days_out(clock, at)
    last, due = _first(clock, out)
    for _ in range(extensions):
        assert clock.extension
        last, due = _more(clock, out, clock.extension, last, due)
    held = False
    for request in clock.requests if clock.paused else ():
        known_open = request.ended is None or (at is not None and request.ended > at)
        if (at is None or request.asked <= at) and known_open and _local(clock, request.asked) < last:
            held = True
    return SlowEnd(last, due, held)


def _days_out(clock: SlowClock, at: datetime | None) -> set[date]:
    out = set()
    for request in clock.requests if clock.paused else ():
        if at is not None and request.asked > at:
            continue
        end = request.lapses
        if request.ended is not None and request.ended < end and (at is None or request.ended <= at):
            end = request.ended
        day = _local(clock, request.asked)
        while day < _local(clock, end):
            day += DAY
            out.add(day)
    return out


def _first(clock: SlowClock, out: set[date]) -> tuple[date, datetime]:
    if clock.span.unit == "hours":
        return _hours(clock, out, clock.start, clock.span.n)
    first = _local(clock, clock.start)
    wanted = clock.span.n
    if clock.span.unit == "months":
        wanted = _days_of_months(first, clock.span.n, clock.first_day_counts)
    day = first if clock.first_day_counts else first + DAY
    return _count(clock, out, clock.span, day, wanted)


def _more(clock: SlowClock, out: set[date], span: SlowSpan, last: date, due: datetime) -> tuple[date, datetime]:
    if span.unit == "hours":
        return _hours(clock, out, due, span.n)
    wanted = _days_of_months(last, span.n, False) if span.unit == "months" else span.n
    return _count(clock, out, span, last + DAY, wanted)


def _count(clock: SlowClock, out: set[date], span: SlowSpan, day: date, wanted: int) -> tuple[date, datetime]:
    while True:
        if day not in out and not (span.unit == "working_days" and _off(clock, day)):
            wanted -= 1
        if wanted == 0:
            break
        day += DAY
    while span.roll and (_off(clock, day) or day in out):
        day += DAY
    return day, _midnight(clock, day + DAY)


def _days_of_months(first: date, n: int, first_day_counts: bool) -> int:
    """How many days n months are: up to the day of the same number, or the month's last; one less far if the first day counts."""
    months = 0
    day = first
    days = 0
    while months < n:
        day += DAY
        days += 1
        if day.day == 1:
            months += 1
    while day.day < first.day and (day + DAY).day != 1:
        day += DAY
        days += 1
    if not first_day_counts:
        return days
    # The first day is one of the days; where the number exists in the last month, the day before it is the last.
    return days if day.day == first.day else days + 1


def _hours(clock: SlowClock, out: set[date], at: datetime, hours: int) -> tuple[date, datetime]:
    minutes = hours * 60
    while minutes:
        if _local(clock, at) not in out:
            minutes -= 1
        at += MINUTE
    return _local(clock, at - timedelta(milliseconds=1)), at


def _off(clock: SlowClock, day: date) -> bool:
    return day.weekday() in clock.weekly_off or day in clock.days_off


def _local(clock: SlowClock, at: datetime) -> date:
    return at.astimezone(ZoneInfo(clock.zone)).date()


def _midnight(clock: SlowClock, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(clock.zone)).astimezone(UTC)
