"""CloudEvents 1.0 attributes of every record (Kafka protocol binding, binary content mode)."""

from datetime import datetime
from hashlib import sha1
from uuid import UUID

from shared.contracts.base import iso

CONTENT_TYPE = "application/json"
_VARIANT = {digit: "89ab"[n & 0b11] for n, digit in enumerate("0123456789abcdef")}


def event_id(complaint_id: UUID, topic: str, version: int) -> str:
    """uuid5 of "<topic>/<version>" in the complaint's own namespace: by topic, since one writer has several."""
    # By hand and without the objects between: each record has one, and the library's way costs as much as the rest of its headers.
    digits = sha1(complaint_id.bytes + f"{topic}/{version}".encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


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
