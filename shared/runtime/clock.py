"""Legal time: the one place that reads the wall clock for domain code.

Back-off, leases, tokens and time-outs use machine time (`time.monotonic`, `time.time`), never this clock.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from shared.contracts.base import iso, to_milliseconds

Wall = Callable[[], float]
"""Unix seconds of this machine, which somebody may set at any moment."""


class Clock(Protocol):
    """`now()` is an aware UTC instant cut to milliseconds, so that a store and a fact hold the same one."""

    @property
    def mode(self) -> str: ...

    def now(self) -> datetime: ...


class WallClock(Clock, Protocol):
    """A clock of a running process; `wall` is what its time is made of."""

    @property
    def wall(self) -> Wall: ...


@dataclass(frozen=True)
class RealClock:
    wall: Wall = field(default=time.time, repr=False, compare=False)
    mode: str = field(default="real", init=False)

    def now(self) -> datetime:
        return to_milliseconds(datetime.fromtimestamp(self.wall(), UTC))


@dataclass(frozen=True)
class SimulatedClock:
    """epoch + (wall − started_at) × speed; it goes on while the platform is down, as real time does."""

    epoch: datetime
    started_at: float
    speed: float
    wall: Wall = field(default=time.time, repr=False, compare=False)

    @property
    def mode(self) -> str:
        return f"sim:{iso(self.epoch)},{self.started_at!r},{self.speed!r}"

    def now(self) -> datetime:
        return to_milliseconds(self.epoch + timedelta(seconds=(self.wall() - self.started_at) * self.speed))


@dataclass
class FileClock:
    """Stands still at the instant that a file holds until the file is replaced (`set_file_clock`).

    Each call costs one stat. A file that is gone or unreadable for a moment leaves the last instant standing;
    only the first reading raises.
    """

    path: Path
    _instant: datetime = field(init=False)
    _seen: tuple[int, int, int] = field(init=False)
    mode: str = field(default="file", init=False)
    wall: Wall = field(default=time.time, init=False, repr=False)

    def __post_init__(self) -> None:
        self._seen = self._fingerprint()
        self._instant = self._read()

    def now(self) -> datetime:
        try:
            seen = self._fingerprint()
            if seen != self._seen:
                self._instant, self._seen = self._read(), seen
        except (OSError, ValueError):
            pass
        return self._instant

    def _fingerprint(self) -> tuple[int, int, int]:
        found = os.stat(self.path)
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> datetime:
        return _instant(self.path.read_text(encoding="ascii").strip())


def set_file_clock(path: Path, instant: datetime) -> None:
    """Moves every process that reads this file to `instant`, at once and whole: readers see the old or the new one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    draft.write_text(iso(instant), encoding="ascii")
    # The kernel's own mtime is as coarse as a timer tick, and a freed inode is soon used again.
    os.utime(draft, ns=(time.time_ns(), time.time_ns()))
    os.replace(draft, path)


def parse_clock(text: str) -> WallClock:
    """`real`, `sim:<ISO epoch>,<unix seconds of start>,<speed>` or `file:<path>`; ValueError says what is wrong."""
    kind, _, rest = text.partition(":")
    if text == "real":
        return RealClock()
    if kind == "sim":
        return _simulated(rest)
    if kind == "file" and rest:
        return _file(Path(rest))
    raise ValueError(f"no such clock: {text!r}; give real, sim:<epoch>,<started_at>,<speed> or file:<path>")


def _simulated(text: str) -> SimulatedClock:
    try:
        epoch, started_at, speed = text.split(",")
        clock = SimulatedClock(_instant(epoch), float(started_at), float(speed))
    except ValueError as error:
        raise ValueError(f"a simulated clock is sim:<ISO epoch with zone>,<unix seconds>,<speed>, not sim:{text}") from error
    if not 0 < clock.speed < float("inf"):
        raise ValueError(f"the speed of a simulated clock is above 0, not {clock.speed}")
    return clock


def _file(path: Path) -> FileClock:
    try:
        return FileClock(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"the clock's file {path} must hold one ISO instant with a zone: {error}") from error


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {text}")
    return to_milliseconds(at)
