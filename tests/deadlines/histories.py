"""Random clocks and histories: as hypothesis strategies, which shrink, and from a seed, which is ten times as fast."""

import random
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
MOST = {"calendar_days": 40, "working_days": 40, "months": 3, "hours": 72}
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


@dataclass(frozen=True)
class Drawn:
    """What chance decided; the lists of minutes count from the start of the clock, those of a request from when it was asked."""

    start: datetime
    span: dict[str, Any]
    extension: dict[str, Any] | None
    times: int
    before_due: bool
    first_day_counts: bool
    paused: bool
    requests: list[tuple[int, int, int | None, bool]]
    granted: list[int]
    weekly: frozenset[str]
    dated: frozenset[date]

    def history(self) -> History:
        requests = [_request(n, self.start, *drawn) for n, drawn in enumerate(self.requests)]
        granted = [self.start + timedelta(minutes=minutes) for minutes in self.granted]
        allowed = {"times": self.times, "before_due": self.before_due, "reasons": [{"code": "any", "label": worlds.WORDS}]}
        rule = worlds.rule(
            span=self.span,
            first_day_counts=self.first_day_counts,
            paused_by_requests=self.paused,
            extension={"span": self.extension, **allowed} if self.extension else None,
        )
        case = worlds.case(requests=requests, extensions=[worlds.granted(when) for when in granted])
        slow = SlowClock(
            zone="Africa/Casablanca",
            weekly_off=frozenset(WEEKDAYS.index(name) for name in self.weekly),
            days_off=self.dated,
            start=self.start,
            span=_slow(self.span),
            first_day_counts=self.first_day_counts,
            paused=self.paused,
            requests=tuple(SlowRequest(r.asked_at, r.lapses_at, r.supplied_at or r.lapsed_at) for r in requests),
            extension=_slow(self.extension) if self.extension else None,
            times=self.times,
            before_due=self.before_due,
            granted=tuple(granted),
        )
        return History(rule, worlds.calendar(sorted(self.dated), weekly_off=tuple(self.weekly)), self.start, case, slow)


@st.composite
def spans(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(st.sampled_from(UNITS))
    return _span(unit, draw(st.integers(1, MOST[unit])), draw(st.booleans()))


@st.composite
def histories(draw: st.DrawFn) -> History:
    request = st.tuples(st.integers(0, 40 * 24 * 60), st.integers(0, 20 * 24 * 60), st.none() | st.integers(0, 25 * 24 * 60), st.booleans())
    drawn = Drawn(
        start=draw(instants),
        span=draw(spans()),
        extension=draw(st.none() | spans()),
        times=draw(st.integers(1, 3)),
        before_due=draw(st.booleans()),
        first_day_counts=draw(st.booleans()),
        paused=draw(st.booleans()),
        requests=draw(st.lists(request, max_size=4)),
        granted=draw(st.lists(st.integers(0, 120 * 24 * 60), max_size=4)),
        weekly=frozenset(draw(weekends)),
        dated=frozenset(draw(holidays)),
    )
    return drawn.history()


def random_history(seed: int) -> History:
    """The same history for the same seed, on a calendar of its own. Hours are rarer than days: the slow model counts their minutes."""
    chance = random.Random(seed)

    def span() -> dict[str, Any]:
        unit = chance.choices(UNITS, weights=(6, 6, 3, 1))[0]
        return _span(unit, chance.randint(1, MOST[unit] if unit != "hours" else 12), chance.random() < 0.5)

    def request() -> tuple[int, int, int | None, bool]:
        ended = chance.choice([None, chance.randrange(25 * 24 * 60)])
        return chance.randrange(40 * 24 * 60), chance.randrange(20 * 24 * 60), ended, chance.random() < 0.5

    drawn = Drawn(
        start=FIRST + timedelta(minutes=chance.randrange(180 * 24 * 60)),
        span=span(),
        extension=chance.choice([None, span()]),
        times=chance.randint(1, 3),
        before_due=chance.random() < 0.5,
        first_day_counts=chance.random() < 0.5,
        paused=chance.random() < 0.7,
        requests=[request() for _ in range(chance.randrange(4))],
        granted=[chance.randrange(120 * 24 * 60) for _ in range(chance.randrange(4))],
        weekly=frozenset(chance.sample(WEEKDAYS, chance.randrange(4))),
        dated=frozenset(date(2027, 12, 1) + timedelta(days=chance.randrange(396)) for _ in range(chance.randrange(26))),
    )
    return drawn.history()


def _span(unit: str, n: int, rolls: bool) -> dict[str, Any]:
    return {"n": n, "unit": unit, "roll": "next_working_day" if rolls and unit != "hours" else "none", "calendar": "ma"}


def _request(n: int, start: datetime, asked: int, open_for: int, ended: int | None, may_lapse: bool) -> Request:
    asked_at = start + timedelta(minutes=asked)
    lapses_at = asked_at + timedelta(minutes=open_for)
    ended_at = None if ended is None else asked_at + timedelta(minutes=ended)
    lapsed_at = ended_at if ended_at and ended_at >= lapses_at and may_lapse else None
    return Request(
        id=worlds.uuid5(worlds.NAMES, str(n)),
        asked_at=asked_at,
        lapses_at=lapses_at,
        supplied_at=None if lapsed_at else ended_at,
        lapsed_at=lapsed_at,
    )


def _slow(span: dict[str, Any]) -> SlowSpan:
    return SlowSpan(span["n"], span["unit"], span["roll"] == "next_working_day")
