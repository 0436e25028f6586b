"""The steps of a due date, so that a clerk can check it with a pencil. Pure.

They add up: the last day is the first leg's day 0, plus the days of its spans, days off and pauses.
"""

from collections.abc import Iterator
from datetime import date

from services.deadlines.calendars import clipped, weekly_off
from services.deadlines.due import Due, Leg
from shared.contracts.procedures import ClockRule
from shared.contracts.spans import DAY
from shared.contracts.states import WhyStep
from shared.contracts.why import ROLLED

MOST = 12
"""So many steps a clock may carry in a fact; pauses, then days off, are told together where there are more."""


def why(rule: ClockRule, due: Due) -> tuple[WhyStep, ...]:
    return _bounded(tuple(_steps(rule, due)))


def _steps(rule: ClockRule, due: Due) -> Iterator[WhyStep]:
    first = due.legs[0]
    yield WhyStep(code="start", from_=due.start)
    if first.span and not rule.first_day_counts and first.span.unit != "hours":
        yield WhyStep(code="first_day_out", from_=due.start)
    for leg in due.legs:
        yield from _leg(leg, due, extension=leg is not first)
    for begin, end in clipped(due.count.out, first.day_0, due.reach.last_day):
        yield WhyStep(code="pause", from_=begin, until=end, n=(end - begin).days + 1)
    yield WhyStep(code="last_day", until=due.reach.last_day, calendar_version=due.count.calendar.version)


def _leg(leg: Leg, due: Due, *, extension: bool) -> Iterator[WhyStep]:
    if leg.span is None:
        return
    counted = leg.reach.unrolled or leg.reach.last_day
    if extension:
        yield WhyStep(code="extension", from_=leg.day_0, until=counted, n=leg.span.n, unit=leg.span.unit)
    else:
        yield WhyStep(code="span", n=leg.span.n, unit=leg.span.unit)
    if leg.span.unit == "working_days":
        yield from _days_off(due, leg.day_0 + DAY, counted, None)
    if leg.reach.unrolled:
        yield from _days_off(due, leg.reach.unrolled, leg.reach.last_day - DAY, ROLLED)


def _days_off(due: Due, first: date, last: date, unit: str | None) -> Iterator[WhyStep]:
    calendar = due.count.calendar
    off = [day for day in _days(first, last) if calendar.is_day_off(day) and not due.count.is_out(day)]
    if off:
        dated = tuple(day for day in off if not weekly_off(calendar, day))
        until = last + DAY if unit == ROLLED else last
        yield WhyStep(code="days_off", from_=first, until=until, n=len(off), unit=unit, dates=dated, calendar_version=calendar.version)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def _bounded(steps: tuple[WhyStep, ...]) -> tuple[WhyStep, ...]:
    for code in ("pause", "days_off"):
        if len(steps) > MOST:
            steps = _joined(steps, code)
    return steps


def _joined(steps: tuple[WhyStep, ...], code: str) -> tuple[WhyStep, ...]:
    same = [step for step in steps if step.code == code]
    if len(same) < 2:
        return steps
    froms = [step.from_ for step in same if step.from_]
    untils = [step.until for step in same if step.until]
    dates = tuple(sorted({day for step in same for day in step.dates}))
    whole = same[0].model_copy(
        update={"from_": min(froms), "until": max(untils), "n": sum(step.n or 0 for step in same), "dates": dates, "unit": None}
    )
    return tuple(whole if step is same[0] else step for step in steps if step is same[0] or step.code != code)
