"""Whether this machine's wall clock can be believed: held against its monotonic clock, which nobody can set, and against the database's."""

import time
from dataclasses import dataclass, field

from shared.runtime.clock import Wall

STEP_SECONDS = 5.0
"""A wall clock that moves by more against the monotonic one, between two looks, was set; less is drift, or a clock being slewed."""
_PAIR_SECONDS = 1.0


@dataclass
class WallWatch:
    """In doubt at first, until the database agrees once. In doubt again from a jump on, until both have agreed for `agreed_seconds`.

    jump: by how many seconds the clock was moved, or (at the first look) is away from the database; None while it is believed.
    """

    wall: Wall
    agreed_seconds: float
    monotonic: Wall = time.monotonic
    jump: float | None = None
    _offset: float | None = None
    _first: bool = True
    _jumped_at: float | None = None
    _agreed_since: float | None = field(default=None)

    @property
    def doubted(self) -> bool:
        return self._first or self.jump is not None

    def look(self) -> float:
        """By how many seconds the clock was moved since the last look; 0.0 where it was not."""
        offset = self._difference()
        moved = 0.0 if self._offset is None else offset - self._offset
        self._offset = offset
        if abs(moved) <= STEP_SECONDS:
            return 0.0
        self.jump, self._jumped_at, self._agreed_since = moved, None, None
        return moved

    def compare(self, asked: float, database: float, confirmed: float | None) -> None:
        """Takes the database's time, `asked` for at that wall time, and when an operator last vouched for the clock (database's time)."""
        agreed = asked - STEP_SECONDS <= database <= self.wall() + STEP_SECONDS
        if self._first:
            self._first, self.jump = False, self.jump if agreed else asked - database
        if self._jumped_at is None:
            self._jumped_at = database
        self._agreed_since = (self._agreed_since or self.monotonic()) if agreed else None
        for_long = self._agreed_since is not None and self.monotonic() - self._agreed_since >= self.agreed_seconds
        if for_long or (confirmed or 0) > self._jumped_at or self.jump is None:
            self.jump, self._jumped_at, self._agreed_since = None, None, None

    def _difference(self) -> float:
        """Wall time less monotonic time; read again where the process stood still in between."""
        while True:
            before, wall = self.monotonic(), self.wall()
            if (after := self.monotonic()) - before < _PAIR_SECONDS:
                return wall - after
