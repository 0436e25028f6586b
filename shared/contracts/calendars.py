"""The days that are no working days in a jurisdiction: weekly ones, civil holidays, feasts, exceptional days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field

from shared.contracts.base import Contract, Text
from shared.contracts.checks import Checked, Problem
from shared.contracts.words import Code, Label

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class DayOff(Checked):
    """A dated day off. kind: civil | religious | predicted (a feast computed ahead, to be confirmed) | exceptional."""

    date: date
    label: Label
    kind: Literal["civil", "religious", "predicted", "exceptional"]
    source: str | None = None


class CalendarEdit(Contract):
    """What people may change in a calendar: all of it but its code and its time zone. It takes the place of what was there."""

    title: Text = Field(default_factory=dict)
    weekly_off: tuple[Weekday, ...]
    days_off: tuple[DayOff, ...] = ()
    known_until: date | None = None


class Calendar(Checked):
    """One version of a calendar; a change is a new version. Dates are local days in time_zone.

    known_until: the last day for which days off are listed; beyond it only the weekly ones count.
    """

    code: Code
    version: int
    title: Text = Field(default_factory=dict)
    weekly_off: tuple[Weekday, ...]
    time_zone: str
    days_off: tuple[DayOff, ...] = ()
    known_until: date | None = None

    def problems(self) -> Iterator[Problem]:
        if self.time_zone not in _time_zones():
            yield ("time_zone",), f"{self.time_zone!r} is no time zone of the tz database"
        if set(self.weekly_off) == set(WEEKDAYS):
            yield ("weekly_off",), "every day of the week is off: a span of working days would never end"
        seen: set[date] = set()
        for index, day in enumerate(self.days_off):
            if day.date in seen:
                yield ("days_off", index, "date"), f"{day.date} is listed twice"
            seen.add(day.date)

    def edited(self, edit: CalendarEdit) -> "Calendar":
        """The next version. Raises ValidationError where it contradicts itself."""
        return Calendar.model_validate(self.model_dump() | edit.model_dump() | {"version": self.version + 1})

    @cached_property
    def _weekly(self) -> frozenset[int]:
        return frozenset(WEEKDAYS.index(name) for name in self.weekly_off)

    @cached_property
    def _dated(self) -> frozenset[date]:
        return frozenset(day.date for day in self.days_off)

    def is_day_off(self, day: date) -> bool:
        """Whether a local date is no working day."""
        return day.weekday() in self._weekly or day in self._dated

    def local_date(self, at: datetime) -> date:
        """The local date of an instant."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def day_starts_at(self, day: date) -> datetime:
        """The UTC instant at which a local date begins. Days are counted on dates: a local day may last 23 or 25 hours."""
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)

    def day_ends_at(self, day: date) -> datetime:
        """The first UTC instant after a local date: what due_at means for a last legal day."""
        return self.day_starts_at(day + timedelta(days=1))


@cache
def _time_zones() -> frozenset[str]:
    # Looked up on disk, which takes longer than reading a whole calendar.
    return frozenset(available_timezones())
