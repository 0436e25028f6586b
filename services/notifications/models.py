"""Rows of the delivery ledger. Times are machine time, but sent_at, which is legal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

SUPERSEDED, ERASED, TOO_OLD, NO_ADDRESS = "superseded", "erased", "too-old", "no-address"
"""Why a notice was skipped: something newer took its place; the person is erased; its day is over; there is no address."""


@dataclass(frozen=True)
class Claimed:
    """A notice whose time has come. again: somebody else held it and never said what became of it; waited: seconds since it was decided."""

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
    again: bool
    expired: bool
    waited: float


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
