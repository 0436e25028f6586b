"""How far a long reading of the log has come, told at most every two seconds."""

import time
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

EVERY_SECONDS = 2.0


@dataclass
class Progress:
    """left: records still to be read as far as is known; machine time."""

    left: int = 0
    read: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def add(self, records: int) -> None:
        self.read += records
        self.left = max(0, self.left - records)
        if time.monotonic() - self._told >= EVERY_SECONDS:
            self.tell("rebuilding")

    def tell(self, what: str) -> None:
        self._told = time.monotonic()
        rate = self.read / max(self._told - self._began, 0.001)
        eta = round(self.left / rate) if rate else None
        log.info(what, records=self.read, left=self.left, records_per_second=round(rate), eta_seconds=eta)
