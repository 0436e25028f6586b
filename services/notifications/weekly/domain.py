"""When the lists of a week are due, which clocks they are about, and what each says. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from services.notifications.notice import Intent, body_audience
from shared.contracts.base import iso
from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.directory import Directory
from shared.contracts.directory_records import WeeklyList
from shared.contracts.procedures import ClockRule
from shared.contracts.spans import Count

CODE = "weekly-list"
_WEEKS = 3
"""How far back the last list is looked for: days off may have moved it past its own week."""
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """The lists of one ISO week, such as 2026-W10: the instant and local day at which they are due, and before when a case is soon due."""

    code: str
    at: datetime
    day: date
    horizon: datetime
    level: int


@dataclass(frozen=True)
class Case:
    """An open case of a body, by the clock of its answer that is due first. `all` and `late`: how many cases the body has in its list."""

    body: str
    reference: str
    procedure: str
    public_service: str | None
    clock: str
    due_at: datetime
    last_day: date | None
    alerts: Sequence[str]
    waiting: bool
    all: int
    late: int


def latest(directory: Directory, now: datetime) -> Week | None:
    """The newest week whose lists are due by now; None where the jurisdiction has no such list, or its calendar is not known yet."""
    calendar, policy = directory.calendar(), directory.pack.weekly_list if directory.pack else None
    if policy is None or calendar is None:
        return None
    today = calendar.local_date(now)
    monday = today - today.weekday() * DAY
    weeks = (_week(policy, calendar, monday - n * WEEK, directory) for n in range(_WEEKS))
    return max((week for week in weeks if week.at <= now), key=lambda week: week.at, default=None)


def answering(directory: Directory) -> Iterator[tuple[str, str]]:
    """The clocks that lists are about, as (procedure, clock): a body's own until it answers, and nothing of the restricted desk's."""
    for law in directory.procedures.values():
        if not law.visibility.restricted:
            yield from ((law.ref, rule.code) for rule in law.clocks if rule.awaits_answer and rule.holder == "body")


def lists(week: Week, cases: Iterable[Case], directory: Directory) -> dict[str, Intent]:
    """One notice for each body, its cases by due date. `cases` come body by body."""
    return {body: _list(week, body, list(of), directory) for body, of in groupby(cases, key=lambda case: case.body)}


def _week(policy: WeeklyList, calendar: Calendar, monday: date, directory: Directory) -> Week:
    day = monday + WEEKDAYS.index(policy.weekday) * DAY
    while calendar.is_day_off(day):
        day += DAY
    at = datetime.combine(day, time.fromisoformat(policy.at), ZoneInfo(calendar.time_zone))
    counted = directory.calendar(policy.soon.calendar) or calendar
    year, number, _ = monday.isocalendar()
    return Week(f"{year}-W{number:02}", at, day, Count(counted).reach(policy.soon, at).due_at, policy.level)


def _list(week: Week, body: str, cases: Sequence[Case], directory: Directory) -> Intent:
    said = [_said(week, case, directory) for case in cases]
    params = {"body": body, "level": week.level, "all": cases[0].all, "late": cases[0].late, "cases": said}
    return Intent(CODE, f"{body}/{week.code}", body_audience(body), params, week.at)


def _said(week: Week, case: Case, directory: Directory) -> dict[str, Any]:
    """Codes and dates alone: who filed it and what it says stand in no notice. `level`: the highest that its warnings have reached."""
    law = directory.procedure(case.procedure)
    rule = law.clock(case.clock) if law else None
    last_day = case.last_day.isoformat() if case.last_day else None
    late = (week.day - case.last_day).days if case.last_day and case.due_at <= week.at else 0
    return {
        "reference": case.reference,
        "public_service": case.public_service,
        "due_at": iso(case.due_at),
        "last_day": last_day,
        "late": case.due_at <= week.at,
        "days_late": late,
        "level": _level(rule, case.alerts),
        "holder": "citizen" if case.waiting else "body",
    }


def _level(rule: ClockRule | None, alerts: Sequence[str]) -> int:
    return max((alert.level for alert in (rule.alerts if rule else ()) if alert.code in alerts), default=1)
