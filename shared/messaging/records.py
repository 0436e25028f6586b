"""What passes between the log and a store: records as they arrive, and as they leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from shared.contracts.complaint import Header
from shared.contracts.directory import DirectoryRecord
from shared.contracts.envelope import envelope, event_id
from shared.contracts.events import Fact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import ce_type


@dataclass(frozen=True)
class RawRecord:
    """A record as the broker gave it, undecoded. A value of None is a tombstone."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = 0

    @property
    def place(self) -> tuple[str, int]:
        return self.topic, self.partition


@dataclass(frozen=True)
class PrivateChange:
    """A private document that took a higher version, or (doc None) was erased."""

    topic: str
    complaint_id: UUID
    doc: Private | None


Body = Fact | Private | DirectoryRecord | NoticeSent


@dataclass(frozen=True)
class Decoded:
    """A record with its meaning. `body` is None for a tombstone and for a tick."""

    raw: RawRecord
    body: Body | None
    complaint_id: UUID | None = None


class Outgoing(NamedTuple):
    """A record on its way to the log: a row of the outbox. A value of None is a tombstone."""

    topic: str
    key: str
    version: int
    value: bytes | None
    headers: Mapping[str, str] = {}
    complaint_id: UUID | None = None
    private: bool = False


def fact_record(topic: str, service: str, type: str, header: Header, fact: Fact, time: datetime, traceparent: str | None) -> Outgoing:
    id = event_id(header.id, topic, fact.version)
    headers = envelope(id, type=ce_type(type), source=service, subject=header.reference, time=time, traceparent=traceparent)
    return Outgoing(topic, str(header.id), fact.version, to_json(fact, by_alias=True), headers, header.id)


def private_record(topic: str, service: str, doc: Private, time: datetime) -> Outgoing:
    id = event_id(doc.complaint_id, topic, doc.version)
    headers = envelope(id, type=ce_type(topic), source=service, subject=doc.reference, time=time)
    return Outgoing(topic, str(doc.complaint_id), doc.version, to_json(doc, by_alias=False), headers, doc.complaint_id, private=True)


def tombstone(topic: str, complaint_id: UUID) -> Outgoing:
    return Outgoing(topic, str(complaint_id), 0, None, {}, complaint_id, private=True)


def directory_record(topic: str, service: str, record: DirectoryRecord, time: datetime) -> Outgoing:
    id = f"{record.key}/{record.version}"
    headers = envelope(id, type=ce_type("directory-record"), source=service, subject=record.key, time=time)
    return Outgoing(topic, record.key, record.version, to_json(record, by_alias=True), headers)


def notice_record(topic: str, service: str, notice: NoticeSent, reference: str) -> Outgoing:
    headers = envelope(str(notice.id), type=ce_type("notice-sent"), source=service, subject=reference, time=notice.sent_at)
    return Outgoing(topic, str(notice.complaint_id), 1, to_json(notice, by_alias=False), headers, notice.complaint_id)
