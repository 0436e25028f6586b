"""How far a long reading of the log has come, told at most every two seconds."""

import time
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

EVERY_SECONDS = 2.0


@dataclass
class Progress:
    """left: records still to be read as far as is known; machine time. Their rate is that from `begin` to the last one taken.

    Told beside it are the seconds of everything, from when this was made: what they are more is the same for a small log and a large one.
    """

    left: int = 0
    read: int = 0
    _made: float = field(default_factory=time.monotonic)
    _began: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def begin(self, left: int) -> None:
        self.left, self.read = left, 0
        self._began = self._last = time.monotonic()

    def add(self, records: int) -> None:
        self.read += records
        self.left = max(0, self.left - records)
        if records:
            self._last = time.monotonic()
        if self._last - self._told >= EVERY_SECONDS:
            self.tell("rebuilding")

    def tell(self, what: str) -> None:
        self._told = time.monotonic()
        rate = self.read / max(self._last - self._began, 0.001)
        eta, seconds = round(self.left / rate) if rate else None, round(self._told - self._made, 2)
        log.info(what, records=self.read, left=self.left, records_per_second=round(rate), seconds=seconds, eta_seconds=eta)
