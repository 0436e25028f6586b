"""The clocks of a complaint as a pure function of what intake and routing have said, its procedure and its calendar.

Nothing here knows what time it is. What time does to a clock is in passing.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.deadlines.calendars import calendar_of
from services.deadlines.due import Counted, Due, Leg, due_of_request
from services.deadlines.steps import why
from shared.contracts.calendars import Calendar
from shared.contracts.clocks import Stop, followed, held_at, started, stopped
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory
from shared.contracts.procedures import ClockRule
from shared.contracts.spans import Count, Reach
from shared.contracts.states import Case, Clocks, ClockState, Filing


@dataclass(frozen=True)
class Timed:
    """A clock with the rule and the count that it comes from. `stop` None: it goes on. `due` None: its calendar is not known yet."""

    rule: ClockRule
    state: ClockState
    stop: Stop | None
    due: Due | None

    def goes_past(self, due_at: datetime) -> bool:
        """Whether the clock has no stop before that instant."""
        return self.stop is None or self.stop.at >= due_at


def clocks_of(header: Header, filing: Filing, case: Case | None, directory: Directory) -> tuple[Timed, ...] | None:
    """Every clock of the complaint that has started; None as long as its procedure is not known.

    A clock that starts at `filed` needs no word of routing. A clock that stopped is counted as things stood then.
    """
    law = directory.procedure(header.procedure)
    if law is None:
        return None
    clocks = (_clock(rule, header, filing, case, calendar_of(rule, directory)) for rule in law.clocks)
    return tuple(clock for clock in clocks if clock)


def settled(known: Clocks | None, timed: Iterable[Timed], now: datetime) -> tuple[Timed, ...]:
    """The clocks with what time has already done to them.

    A clock of a new custody or request begins anew. A breach that no longer holds is taken back: an extension counted, a day
    off was announced late, an answer in time came late.
    """
    before = {clock.code: clock for clock in known or ()}
    return tuple(_settled(before.get(clock.rule.code), clock, now) for clock in timed)


def end_as_told(state: ClockState, calendar: Calendar) -> Due | None:
    """Where a clock ends, from its state alone: enough for time to pass over it, not to count it anew. None where it has no end yet."""
    if state.due_at is None or state.last_day is None:
        return None
    return Due(state.last_day, Count(calendar), (Leg(None, state.last_day, Reach(state.last_day, state.due_at)),))


def told(clocks: Iterable[ClockState]) -> list[tuple[object, ...]]:
    """What makes a deadline-set fact when it changes; reasons and warnings alone do not."""
    return [(c.code, c.holder, c.body, c.starts_at, c.due_at, c.state, c.paused_since, c.breached_at) for c in clocks]


def _clock(rule: ClockRule, header: Header, filing: Filing, case: Case | None, calendar: Calendar | None) -> Timed | None:
    start = started(rule, header, filing, case)
    if start is None or (rule.when and not rule.when.holds(filing.coded)):
        return None
    stop = stopped(rule, header, filing, case)
    due = _due(rule, start, filing, case, calendar, stop.at if stop else None) if calendar else None
    holder, body = _holder(rule, case, stop, due)
    state = ClockState(code=rule.code, holder=holder, body=body, starts_at=start, state="pending")
    return Timed(rule, state.model_copy(update=_count(rule, due)) if due else state, stop, due)


def _due(rule: ClockRule, start: datetime, filing: Filing, case: Case | None, calendar: Calendar, at: datetime | None) -> Due:
    counted = Counted(rule, calendar, start, case)
    request = followed(filing, case) if rule.follows_request and case else None
    return due_of_request(counted, request) if request else counted.due(at)


def _holder(rule: ClockRule, case: Case | None, stop: Stop | None, due: Due | None) -> tuple[str, str | None]:
    """Who answers for the clock: for a body's clock the body that had the case when it stopped or fell due, else the platform."""
    if rule.holder != "body":
        return rule.holder, None
    last = min((at for at in (stop and stop.at, due and due.reach.due_at) if at), default=None)
    custody = case.custody[-1] if rule.starts == "assigned" and case else held_at(case, last)
    return ("body", custody.body) if custody else ("platform", None)


def _count(rule: ClockRule, due: Due) -> dict[str, object]:
    since = due.paused_since
    return {
        "due_at": due.reach.due_at,
        "last_day": due.reach.last_day,
        "state": "paused" if since else "running",
        "paused_since": since,
        "calendar_version": due.count.calendar.version,
        "why": why(rule, due),
    }


def _settled(before: ClockState | None, clock: Timed, now: datetime) -> Timed:
    if before is None or before.starts_at != clock.state.starts_at:
        return clock
    carried: dict[str, object] = {"alerts": before.alerts, "breached_at": before.breached_at, "corrected_at": before.corrected_at}
    if before.breached_at and not _stands(clock, before.breached_at):
        carried |= {"breached_at": None, "corrected_at": now}
    return Timed(clock.rule, clock.state.model_copy(update=carried), clock.stop, clock.due)


def _stands(clock: Timed, breached_at: datetime) -> bool:
    due_at = clock.state.due_at
    return due_at is None or (due_at <= breached_at and clock.goes_past(due_at))
