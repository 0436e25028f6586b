"""How old a thing is by the machine's clock, when its time was written by the legal one."""

from datetime import datetime

from shared.runtime.clock import Clock, RealClock, SimulatedClock


def machine_age(clock: Clock, at: datetime | None, now: datetime) -> float:
    """Seconds of machine time since a legal instant. 0 without one, and under a clock that a test moves by hand."""
    if at is None:
        return 0.0
    seconds = max(0.0, (now - at).total_seconds())
    if isinstance(clock, SimulatedClock):
        return seconds / clock.speed
    return seconds if isinstance(clock, RealClock) else 0.0
