"""How old a thing is by machine time, whatever clock its time was written by."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.notifications.age import machine_age
from shared.runtime.clock import Clock, RealClock, SimulatedClock, parse_clock
from tests.notifications.stories import FILED


@pytest.mark.parametrize(
    ("clock", "at", "seconds"),
    [
        (RealClock(), FILED - timedelta(days=1), 86_400.0),
        (RealClock(), FILED + timedelta(days=1), 0.0),
        (RealClock(), None, 0.0),
        (SimulatedClock(FILED, 0.0, 86_400.0), FILED - timedelta(days=60), 60.0),
    ],
)
def test_age(clock: Clock, at: datetime | None, seconds: float) -> None:
    assert machine_age(clock, at, FILED) == seconds


def test_a_clock_moved_by_hand_makes_nothing_old(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("2026-01-10T12:00:00.000Z", encoding="ascii")
    assert machine_age(parse_clock(f"file:{tmp_path / 'clock'}"), FILED - timedelta(days=300), FILED) == 0.0
