"""What may be told, and what has been told: the values that deciding works on. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.known import Known as Known

FILER, NATIONAL = "filer", "national"
WAITING = ("held", "pending")
WENT = ("sending", "sent")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Intent:
    """One notice that somebody must get.

    subject: tells two notices of one code apart; it comes from the state, so that deriving it again gives the same one.
    audience: filer, national or body:<id>. params: codes and dates for the words, never personal data.
    at: the legal instant since which there is this to tell; None: now. held: better sent later, when more is known.
    """

    code: str
    subject: str
    audience: str
    params: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    held: bool = False

    @property
    def key(self) -> Key:
        return self.code, self.subject, self.audience


@dataclass(frozen=True)
class Entry:
    """A notice in the ledger. superseded: dropped before it left, because something newer took its place."""

    code: str
    subject: str
    audience: str
    state: str
    superseded: bool = False
    params: Mapping[str, Any] | None = None

    @property
    def key(self) -> Key:
        return self.code, self.subject, self.audience


class Told:
    """What has left, or may have: in the order in which it was decided."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._went = [entry for entry in entries if entry.state in WENT]

    def all(self, code: str) -> list[Entry]:
        return [entry for entry in self._went if entry.code == code]

    def last(self, audience: str, *codes: str) -> Entry | None:
        return next((e for e in reversed(self._went) if e.audience == audience and e.code in codes), None)


def body_audience(body: str) -> str:
    return f"body:{body}"


def body_of(audience: str) -> str | None:
    """The body that an audience names; None for the filer and the national desk."""
    return audience.partition(":")[2] or None


def notice_id(complaint_id: UUID, key: Key) -> UUID:
    """The same for the same notice in every store: a second sending of it can be recognised."""
    return uuid5(complaint_id, "/".join(key))
