"""Rows of the delivery ledger. Times are machine time, but sent_at, which is legal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.notices import NoticeSent

SENT, PENDING, FAILED = "sent", "pending", "failed"
"""What becomes of a notice that was on its way; a pending one is tried again."""
SUPERSEDED, ERASED, TOO_OLD, NO_ADDRESS = "superseded", "erased", "too-old", "no-address"
"""Why a notice was skipped: something newer took its place; the person is erased; its day is over; there is no address."""


@dataclass(frozen=True)
class Filer:
    """How a filer can be written to. Held for as long as a notice is on its way, and nowhere else."""

    email: str | None
    language: str


@dataclass(frozen=True)
class Claimed:
    """A notice whose time has come. waited: seconds since it was decided.

    filer: None as long as it is not known how to reach them.
    """

    id: UUID
    complaint_id: UUID
    reference: str
    procedure: str
    language: str
    code: str
    subject: str
    audience: str
    params: Mapping[str, Any]
    attempts: int
    expired: bool
    waited: float
    erased: bool = False
    filer: Filer | None = None

    def sent(self, channel: str, at: datetime) -> NoticeSent:
        """What is told once it has left."""
        named = {name: getattr(self, name) for name in ("id", "complaint_id", "code", "subject", "audience")}
        return NoticeSent(**named, channel=channel, sent_at=at)


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed notice: sent, failed for good, or pending again for so many seconds; and why."""

    notice: Claimed
    state: str
    reason: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Listed:
    """A notice as staff see it: without an address."""

    n: int
    id: UUID
    code: str
    subject: str
    audience: str
    channel: str | None
    language: str | None
    state: str
    reason: str | None
    sent_at: datetime | None
