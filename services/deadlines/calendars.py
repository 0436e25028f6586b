"""On which days a clock counts: its calendar, and the days that open requests for information take out of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.directory import Directory
from shared.contracts.procedures import ClockRule
from shared.contracts.spans import DAY, Block
from shared.contracts.states import Request


@dataclass(frozen=True)
class Asked:
    """A request for information as it stood at some instant: open until it ends, and assumed to end when it lapses."""

    asked_at: datetime
    until: datetime
    open: bool


def calendar_code(rule: ClockRule, directory: Directory) -> str | None:
    """A clock is counted on one calendar: the one that its span, extension or alerts name first, else the pack's."""
    spans = [rule.span, *([rule.extension.span] if rule.extension else [])]
    spans += [span for alert in rule.alerts for span in (alert.before, alert.after) if span]
    named = next((span.calendar for span in spans if span.calendar), None)
    return named or (directory.pack.calendar if directory.pack else None)


def calendar_of(rule: ClockRule, directory: Directory) -> Calendar | None:
    """None as long as the directory does not have it."""
    return directory.calendars.get(calendar_code(rule, directory) or "")


def asked_by(requests: Iterable[Request], at: datetime | None) -> tuple[Asked, ...]:
    """The requests as they stood at an instant, what came later unknown; at None: as they stand.

    A pause ends by itself at lapses_at, however late that is recorded.
    """
    seen = sorted((r for r in requests if at is None or r.asked_at <= at), key=lambda r: r.asked_at)
    return tuple(_asked(r, r.ended_at if at is None or (r.ended_at and r.ended_at <= at) else None) for r in seen)


def pauses(calendar: Calendar, asked: Sequence[Asked]) -> tuple[Block, ...]:
    """The local dates d with date(asked) < d ≤ date(supplied or lapsed), overlaps once, in order."""
    blocks = [(calendar.local_date(a.asked_at) + DAY, calendar.local_date(a.until)) for a in asked]
    return merged(block for block in blocks if block[0] <= block[1])


def merged(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The union of blocks, ascending; blocks that touch become one."""
    union: list[Block] = []
    for first, last in sorted(blocks):
        if union and first <= union[-1][1] + DAY:
            union[-1] = (union[-1][0], max(union[-1][1], last))
        else:
            union.append((first, last))
    return tuple(union)


def clipped(blocks: Iterable[Block], after: date, last: date) -> tuple[Block, ...]:
    """The parts of blocks that lie after one date and not after another."""
    cut = ((max(first, after + DAY), min(end, last)) for first, end in blocks)
    return tuple(block for block in cut if block[0] <= block[1])


def weekly_off(calendar: Calendar, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in calendar.weekly_off


def _asked(request: Request, ended_at: datetime | None) -> Asked:
    until = min(ended_at or request.lapses_at, request.lapses_at)
    return Asked(request.asked_at, until, open=ended_at is None)
