"""What passing time does to a clock: warnings and the breach. Pure; `until` is the instant up to which all facts are known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.deadlines.domain import Timed
from services.deadlines.due import Due
from shared.contracts.procedures import Alert
from shared.contracts.states import AlertSent, ClockState

BREACHED = "deadline-breached"
ENTERED_LATE = "entered-late"
"""The reason of a breach that was there when the complaint was entered."""


@dataclass(frozen=True)
class Fired:
    """One thing that time did: the fact's name, its reason, the clock after it."""

    type: str
    reason: str
    clock: ClockState


def breach_at(clock: Timed) -> datetime | None:
    """When the clock is breached unless something happens before; None where it cannot be, or has been."""
    due_at = clock.state.due_at
    return due_at if due_at and not clock.state.breached_at and clock.goes_past(due_at) else None


def alert_at(clock: Timed) -> datetime | None:
    """When the next warning is due."""
    return min((at for _, at in _waiting(clock)), default=None)


def passed(clock: Timed, until: datetime, now: datetime) -> Iterator[Fired]:
    """What time has done up to `until` and nobody was told yet: the breach, then warnings. Told at `now`, each once.

    A clock that is breached gives no warning ahead any more.
    """
    due_at = breach_at(clock)
    if due_at and due_at <= until:
        clock = replace(clock, state=clock.state.model_copy(update={"breached_at": now}))
        yield Fired(BREACHED, clock.rule.code, clock.state)
    for alert in [alert for alert, at in _waiting(clock) if at <= until]:
        others = tuple(sent for sent in clock.state.alerts if sent.code != alert.code)
        clock = replace(clock, state=clock.state.model_copy(update={"alerts": (*others, AlertSent(code=alert.code, at=now))}))
        yield Fired("deadline-approaching", f"{clock.rule.code}/{alert.code}", clock.state)


def reason(fired: Fired, recorded_at: datetime) -> str:
    """Why the fact is told: by which clock or warning, or that the body entered the complaint (at `recorded_at`) too late."""
    due_at = fired.clock.due_at
    return ENTERED_LATE if fired.type == BREACHED and due_at and recorded_at >= due_at else fired.reason


def _waiting(clock: Timed) -> list[tuple[Alert, datetime]]:
    if clock.stop or clock.due is None:
        return []
    timed = [(alert, at) for alert in clock.rule.alerts if (at := _alert_at(alert, clock)) and not _sent(clock.state, alert, at)]
    return sorted(timed, key=lambda pair: pair[1])


def _alert_at(alert: Alert, clock: Timed) -> datetime | None:
    """None where the warning has no sense: ahead of a clock that is held by a request or breached."""
    if clock.due is None or (alert.before and (clock.state.state != "running" or clock.state.breached_at)):
        return None
    at = _moment(alert, clock.due)
    return None if alert.before and at and at >= clock.due.reach.due_at else at


def _moment(alert: Alert, due: Due) -> datetime | None:
    """When the warning comes. Counted once for each end, which very many clocks may have in common."""
    if alert.code not in due.moments:
        if alert.before:
            due.moments[alert.code] = due.count.before(alert.before, due.reach)
        elif alert.after:
            due.moments[alert.code] = due.count.after(alert.after, due.reach)
    return due.moments.get(alert.code)


def _sent(clock: ClockState, alert: Alert, at: datetime) -> bool:
    """A warning belongs to its due date: one sent before the date moved away does not count for the new date."""
    return any(sent.code == alert.code and sent.at >= at for sent in clock.alerts)
