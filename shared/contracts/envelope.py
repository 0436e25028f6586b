"""CloudEvents 1.0 attributes of every record (Kafka protocol binding, binary content mode)."""

from datetime import datetime
from uuid import UUID, uuid5

from shared.contracts.base import Contract, Instant

CONTENT_TYPE = "application/json"


class Envelope(Contract):
    """The context attributes. `id` is stable: a fact sent again has the same id, version and time."""

    id: str
    type: str
    source: str
    subject: str
    time: Instant
    traceparent: str | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers as the binding's section 3.2 wants them: ce_ before each attribute, content-type bare."""
        pairs = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_subject": self.subject,
            "ce_time": self.model_dump(mode="json")["time"],
            "content-type": CONTENT_TYPE,
        }
        if self.traceparent:
            pairs["traceparent"] = self.traceparent
        return [(name, value.encode()) for name, value in pairs.items()]


def event_id(complaint_id: UUID, topic: str, version: int) -> str:
    """uuid5 of "<topic>/<version>" in the complaint's own namespace: by topic, since one writer has several."""
    return str(uuid5(complaint_id, f"{topic}/{version}"))


def envelope(complaint_id: UUID, topic: str, version: int, *, type: str, source: str, subject: str, time: datetime) -> Envelope:
    return Envelope(id=event_id(complaint_id, topic, version), type=type, source=f"wasl/{source}", subject=subject, time=time)
