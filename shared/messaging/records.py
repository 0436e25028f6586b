"""What passes between the log and a store: records as they arrive, and as they leave."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.complaint import Header
from shared.contracts.directory import DirectoryRecord
from shared.contracts.envelope import envelope
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


@dataclass(frozen=True)
class Outgoing:
    """A record on its way to the log: a row of the outbox. A value of None is a tombstone."""

    topic: str
    key: str
    version: int
    value: bytes | None
    headers: dict[str, str] = field(default_factory=dict)
    complaint_id: UUID | None = None
    private: bool = False


def fact_record(topic: str, service: str, type: str, header: Header, fact: Fact, time: datetime, traceparent: str | None) -> Outgoing:
    return _record(topic, service, type, header.id, header.reference, fact.version, fact.model_dump_json(by_alias=True), time, traceparent)


def private_record(topic: str, service: str, doc: Private, time: datetime) -> Outgoing:
    made = _record(topic, service, topic, doc.complaint_id, doc.reference, doc.version, doc.model_dump_json(), time, None)
    return Outgoing(**{**made.__dict__, "private": True})


def tombstone(topic: str, complaint_id: UUID) -> Outgoing:
    return Outgoing(topic, str(complaint_id), 0, None, {}, complaint_id, private=True)


def directory_record(topic: str, service: str, record: DirectoryRecord, time: datetime) -> Outgoing:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{record.key}/{record.version}",
        "ce_type": ce_type("directory-record"),
        "ce_source": f"wasl/{service}",
        "ce_subject": record.key,
        "ce_time": time.isoformat(),
        "content-type": "application/json",
    }
    return Outgoing(topic, record.key, record.version, record.model_dump_json(by_alias=True).encode(), headers)


def notice_record(topic: str, service: str, notice: NoticeSent, reference: str) -> Outgoing:
    made = _record(topic, service, "notice-sent", notice.complaint_id, reference, 1, notice.model_dump_json(), notice.sent_at, None)
    return Outgoing(**{**made.__dict__, "headers": {**made.headers, "ce_id": str(notice.id)}})


def _record(
    topic: str,
    service: str,
    type: str,
    complaint_id: UUID,
    reference: str,
    version: int,
    value: str,
    time: datetime,
    traceparent: str | None,
) -> Outgoing:
    attributes = envelope(complaint_id, topic, version, type=ce_type(type), source=service, subject=reference, time=time)
    if traceparent:
        attributes = attributes.model_copy(update={"traceparent": traceparent})
    headers = {name: value.decode() for name, value in attributes.headers()}
    return Outgoing(topic, str(complaint_id), version, value.encode(), headers, complaint_id)
