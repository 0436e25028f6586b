"""What passing time does to a clock: warnings and the breach. Pure; `until` is the instant up to which all facts are known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.deadlines.domain import Timed
from shared.contracts.procedures import Alert
from shared.contracts.states import AlertSent, ClockState


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
        yield Fired("deadline-breached", clock.rule.code, clock.state)
    for alert in [alert for alert, at in _waiting(clock) if at <= until]:
        others = tuple(sent for sent in clock.state.alerts if sent.code != alert.code)
        clock = replace(clock, state=clock.state.model_copy(update={"alerts": (*others, AlertSent(code=alert.code, at=now))}))
        yield Fired("deadline-approaching", f"{clock.rule.code}/{alert.code}", clock.state)


def _waiting(clock: Timed) -> list[tuple[Alert, datetime]]:
    if clock.stop or clock.due is None:
        return []
    timed = [(alert, at) for alert in clock.rule.alerts if (at := _alert_at(alert, clock)) and not _sent(clock.state, alert, at)]
    return sorted(timed, key=lambda pair: pair[1])


def _alert_at(alert: Alert, clock: Timed) -> datetime | None:
    """None where the warning has no sense: ahead of a clock that is held by a request or breached."""
    if clock.due is None:
        return None
    if alert.before:
        at = clock.due.count.before(alert.before, clock.due.reach)
        return at if clock.state.state == "running" and not clock.state.breached_at and at < clock.due.reach.due_at else None
    return clock.due.count.after(alert.after, clock.due.reach) if alert.after else None


def _sent(clock: ClockState, alert: Alert, at: datetime) -> bool:
    """A warning belongs to its due date: one sent before the date moved away does not count for the new date."""
    return any(sent.code == alert.code and sent.at >= at for sent in clock.alerts)
