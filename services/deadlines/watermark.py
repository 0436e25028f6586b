"""Up to which instant a partition's facts are all known: only so far may anything be called too late."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.messaging.positions import Place


@dataclass(frozen=True)
class _Sample:
    """The ends of one partition of both topics, and what is known once they are reached."""

    until: datetime
    ends: Mapping[Place, int]


@dataclass
class Watermarks:
    """grace: legal time that a fact may take from its decision to the log; real_grace: the same in seconds of machine time.

    On a fast clock a moment of machine time is hours of legal time, on a clock that jumps it is none: both must have passed
    between a due time and the look at the log. A stale watermark is late, never early.
    """

    grace: timedelta
    real_grace: float
    until: dict[int, datetime] = field(default_factory=dict)
    """The watermark of each partition that has one."""
    _looks: deque[tuple[float, datetime]] = field(default_factory=deque)
    _waiting: dict[int, _Sample] = field(default_factory=dict)

    def look(self, machine: float, legal: datetime, ends: Mapping[Place, int]) -> None:
        """Notes the ends of topics, read after `machine` (monotonic seconds) and `legal` were."""
        self._looks.append((machine, legal))
        passed = self._passed_for_long(machine)
        if passed is None:
            return
        until = min(passed, legal - self.grace)
        for partition in {partition for _, partition in ends}:
            own = {place: end for place, end in ends.items() if place[1] == partition}
            self._waiting.setdefault(partition, _Sample(until, own))

    def reach(self, positions: Mapping[Place, int]) -> None:
        """Raises the watermark of each partition whose stored positions have come to the ends noted for it."""
        for partition, sample in list(self._waiting.items()):
            if all(positions.get(place, 0) >= end for place, end in sample.ends.items()):
                self.until[partition] = sample.until
                del self._waiting[partition]

    def forget(self) -> None:
        """What was noted under a clock that is not believed."""
        self.until.clear()
        self._looks.clear()
        self._waiting.clear()

    def _passed_for_long(self, machine: float) -> datetime | None:
        """The latest legal instant known to have passed at least real_grace ago."""
        while len(self._looks) > 1 and self._looks[1][0] <= machine - self.real_grace:
            self._looks.popleft()
        at, legal = self._looks[0]
        return legal if at <= machine - self.real_grace else None
