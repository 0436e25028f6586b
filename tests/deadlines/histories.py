"""Random clocks and histories, as hypothesis strategies."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.procedures import ClockRule
from shared.contracts.states import Case, Request
from tests.deadlines import worlds
from tests.deadlines.slow import SlowClock, SlowRequest, SlowSpan

# Ramadan and its two changes of local time, 29 February, year's ends.
FIRST = datetime(2027, 12, 1, tzinfo=UTC)
UNITS = ("calendar_days", "working_days", "months", "hours")
instants = st.integers(0, 180 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
weekends = st.sets(st.sampled_from(WEEKDAYS), max_size=3)
holidays = st.sets(st.dates(date(2027, 12, 1), date(2028, 12, 31)), max_size=25)


@dataclass(frozen=True)
class History:
    """The same clock for the code and for the slow model."""

    rule: ClockRule
    calendar: Calendar
    start: datetime
    case: Case
    slow: SlowClock


@st.composite
def spans(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(st.sampled_from(UNITS))
    n = draw(st.integers(1, 3 if unit == "months" else 72 if unit == "hours" else 40))
    roll = unit != "hours" and draw(st.booleans())
    return {"n": n, "unit": unit, "roll": "next_working_day" if roll else "none", "calendar": "ma"}


@st.composite
def requests(draw: st.DrawFn, start: datetime) -> list[Request]:
    found = []
    for n in range(draw(st.integers(0, 4))):
        asked = start + timedelta(minutes=draw(st.integers(0, 40 * 24 * 60)))
        lapses = asked + timedelta(minutes=draw(st.integers(0, 20 * 24 * 60)))
        minutes = draw(st.none() | st.integers(0, 25 * 24 * 60))
        ended = None if minutes is None else asked + timedelta(minutes=minutes)
        lapsed = ended if ended and ended >= lapses and draw(st.booleans()) else None
        found.append(
            Request(
                id=worlds.uuid5(worlds.NAMES, str(n)),
                asked_at=asked,
                lapses_at=lapses,
                supplied_at=None if lapsed else ended,
                lapsed_at=lapsed,
            )
        )
    return found


@st.composite
def histories(draw: st.DrawFn) -> History:
    start = draw(instants)
    span, extension = draw(spans()), draw(st.none() | spans())
    times, before_due = draw(st.integers(1, 3)), draw(st.booleans())
    first, pausable = draw(st.booleans()), draw(st.booleans())
    asked = draw(requests(start))
    granted = draw(st.lists(st.integers(0, 120 * 24 * 60), max_size=4).map(lambda all: [start + timedelta(minutes=m) for m in all]))
    weekly, dated = draw(weekends), draw(holidays)
    allowed = {"span": extension, "times": times, "before_due": before_due, "reasons": [{"code": "any", "label": worlds.WORDS}]}
    rule = worlds.rule(span=span, first_day_counts=first, paused_by_requests=pausable, extension=allowed if extension else None)
    case = worlds.case(requests=asked, extensions=[worlds.granted(when) for when in granted])
    slow = SlowClock(
        zone="Africa/Casablanca",
        weekly_off=frozenset(WEEKDAYS.index(name) for name in weekly),
        days_off=frozenset(dated),
        start=start,
        span=_slow(span),
        first_day_counts=first,
        paused=pausable,
        requests=tuple(SlowRequest(r.asked_at, r.lapses_at, r.supplied_at or r.lapsed_at) for r in asked),
        extension=_slow(extension) if extension else None,
        times=times,
        before_due=before_due,
        granted=tuple(granted),
    )
    return History(rule, worlds.calendar(sorted(dated), weekly_off=tuple(weekly)), start, case, slow)


def _slow(span: dict[str, Any]) -> SlowSpan:
    return SlowSpan(span["n"], span["unit"], span["roll"] == "next_working_day")
