"""CloudEvents 1.0 attributes of every record (Kafka protocol binding, binary content mode)."""

from datetime import datetime
from uuid import UUID, uuid5

from shared.contracts.base import iso

CONTENT_TYPE = "application/json"


def event_id(complaint_id: UUID, topic: str, version: int) -> str:
    """uuid5 of "<topic>/<version>" in the complaint's own namespace: by topic, since one writer has several."""
    return str(uuid5(complaint_id, f"{topic}/{version}"))


def envelope(id: str, *, type: str, source: str, subject: str, time: datetime, traceparent: str | None = None) -> dict[str, str]:
    """The context attributes as Kafka headers, as the binding's section 3.2 wants them: ce_ before each, content-type bare.

    `id` is stable: a fact sent again has the same id, version and time. `traceparent` is the distributed tracing extension's,
    which is no attribute of the event and so has no ce_.
    """
    headers = {
        "ce_specversion": "1.0",
        "ce_id": id,
        "ce_type": type,
        "ce_source": f"wasl/{source}",
        "ce_subject": subject,
        "ce_time": iso(time),
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return headers
