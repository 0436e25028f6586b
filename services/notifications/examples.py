"""What was told about one complaint, as an example for the interface's description."""

from shared.runtime.examples import Example

_BODY, _FILED = "commune-061410100", "2026-03-02T10:00:00.000Z"
_SENT: Example = {"channel": "smtp", "state": "sent", "reason": None, "sent_at": "2026-03-02T10:00:02.000Z"}
_RECEIPT: Example = {"id": "019cadfd-90d0-724b-afe3-e9f178cd2a7a", "code": "receipt", "subject": "", "audience": "filer", "language": "fr"}
_NEW_CASE: Example = {
    "id": "019cadfd-90d1-7c56-b8e8-e95599f85102",
    "code": "new-case",
    "subject": _FILED,
    "audience": f"body:{_BODY}",
    "channel": None,
    "language": None,
    "state": "skipped",
    "reason": "no-address",
    "sent_at": None,
}
NOTICES: Example = {"notices": [{**_RECEIPT, **_SENT}, _NEW_CASE], "next": None}
