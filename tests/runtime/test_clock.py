import os
import time
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.clock import FileClock, parse_clock, set_file_clock

EPOCH = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]))  # noqa: DTZ001


def test_real_time_is_utc_in_milliseconds() -> None:
    before = time.time()
    now = parse_clock("real").now()
    assert now.tzinfo == UTC
    assert now.microsecond % 1000 == 0
    assert before - 0.001 <= now.timestamp() <= time.time()


def test_simulated_time_passes_at_its_speed() -> None:
    started = time.time() - 60
    clock = parse_clock(f"sim:2026-03-01T10:00:00Z,{started},86400")
    sixty_days_in_a_minute = EPOCH + timedelta(days=60)
    assert sixty_days_in_a_minute <= clock.now() < sixty_days_in_a_minute + timedelta(days=5)


def test_a_simulated_clock_is_the_same_in_every_process_that_parses_its_mode() -> None:
    clock = parse_clock(f"sim:2026-03-01T11:00:00+01:00,{time.time()},86400")
    again = parse_clock(clock.mode)
    assert again.mode == clock.mode
    assert abs(again.now() - clock.now()) < timedelta(hours=12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fake",
        "real:",
        "file:",
        "sim:",
        "sim:2026-03-01T10:00:00Z,0",
        "sim:2026-03-01T10:00:00,0,1",
        "sim:2026-03-01T10:00:00Z,0,0",
        "sim:2026-03-01T10:00:00Z,0,nan",
    ],
)
def test_a_wrong_clock_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(ValueError, match="clock"):
        parse_clock(text)


@given(at=instants)
def test_a_file_clock_gives_back_what_was_set_to_the_millisecond(at: datetime, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("clock") / "now"
    set_file_clock(path, at)
    assert timedelta(0) <= at - parse_clock(f"file:{path}").now() < timedelta(milliseconds=1)


def test_a_file_clock_stands_still_and_follows_each_replacement_at_once(tmp_path: Path) -> None:
    path = tmp_path / "now"
    set_file_clock(path, EPOCH)
    clock = FileClock(path)
    assert clock.mode == "file"
    # More replacements in a timer tick than the kernel's own mtime could tell apart.
    for step in range(500):
        set_file_clock(path, EPOCH + timedelta(seconds=step))
        assert clock.now() == EPOCH + timedelta(seconds=step)
    assert os.listdir(tmp_path) == ["now"]


@pytest.mark.parametrize("half", [b"", b"2026-03-", b"2026-03-01T10:00:00", b"\xff\xfe"])
def test_a_half_written_or_missing_file_leaves_the_last_instant(tmp_path: Path, half: bytes) -> None:
    path = tmp_path / "now"
    set_file_clock(path, EPOCH)
    clock = FileClock(path)
    path.write_bytes(half)
    assert clock.now() == EPOCH
    path.unlink()
    assert clock.now() == EPOCH
    set_file_clock(path, EPOCH + timedelta(days=1))
    assert clock.now() == EPOCH + timedelta(days=1)


def test_a_file_clock_without_its_file_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold one ISO instant"):
        parse_clock(f"file:{tmp_path / 'absent'}")


def test_time_zones_come_from_the_locked_package() -> None:
    assert zoneinfo.TZPATH == ()
    # tzdata 2026: Casablanca leaves +01 for good on 20 September 2026; a machine's own older data would still say +01.
    assert datetime(2026, 11, 1, tzinfo=zoneinfo.ZoneInfo("Africa/Casablanca")).utcoffset() == timedelta(0)
