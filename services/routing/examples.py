"""One case as an example for the interface's description: the same one in every call, so that they can be read as a story."""

from pydantic import JsonValue

from shared.contracts.complaint import Header
from shared.contracts.private import Papers
from shared.contracts.states import Case, ClockState, Filing
from shared.runtime.examples import Example, whole

REFERENCE, BODY, SUB = "7KQ4-XM2N-3", "commune-061410100", "8f14e45f"
FILED, TAKEN_UP, DUE = "2026-03-02T10:00:00.000Z", "2026-03-04T09:00:00.000Z", "2026-05-01T23:00:00.000Z"
WORDS = "It is ready at counter 4."

_KIND: Example = {"public_service": "birth-certificate", "territory": "061410100", "procedure": "complaint@1"}
HEADER = whole(
    Header,
    {
        "id": "019cae5e-3c80-7000-8000-000000000001",
        "reference": REFERENCE,
        **_KIND,
        "filed_at": FILED,
        "recorded_at": FILED,
        "channel": "web",
    },
)
_STATE: Example = {
    "status": "with_body",
    "kind": "complaint",
    "public_service": "birth-certificate",
    "body": BODY,
    "rule": {"id": "communal-services-to-commune", "version": 1, "final": True, "rule_set": 1, "evidence": ["public_services"]},
    "qualified_at": FILED,
    "taken_up_at": TAKEN_UP,
    "custody": [{"body": BODY, "since": FILED}],
}
_WHY: list[JsonValue] = [
    {"code": "start", "from": "2026-03-02"},
    {"code": "first_day_out", "from": "2026-03-02"},
    {"code": "span", "n": 60, "unit": "calendar_days"},
    {"code": "last_day", "until": "2026-05-01", "calendar_version": 1},
]
_CLOCK: Example = {"code": "answer", "holder": "body", "body": BODY, "starts_at": FILED, "due_at": DUE}
CASE: Example = {
    "reference": REFERENCE,
    "version": 2,
    "complaint": HEADER,
    "filing": whole(Filing, {"language": "fr", "coded": {"nature": "dissatisfaction"}}),
    "case": whole(Case, _STATE),
    "deadlines": [whole(ClockState, {**_CLOCK, "last_day": "2026-05-01", "calendar_version": 1, "why": _WHY})],
}
PAPERS = whole(
    Papers,
    {
        "complaint_id": HEADER["id"],
        "reference": REFERENCE,
        "version": 1,
        "person": {"name": "Amal", "email": "amal@example.org", "language": "fr"},
        "subject": "No birth certificate",
        "narrative": "Asked three times, never given.",
    },
)
LINE: Example = {
    "reference": REFERENCE,
    "status": "with_body",
    "body": BODY,
    **_KIND,
    "filed_at": FILED,
    "due_at": DUE,
    "version": 2,
}
DRAFT: Example = {
    "reference": REFERENCE,
    "version": 3,
    "body": BODY,
    "state": "approved",
    "outcome": "favourable",
    "reasons": WORDS,
    "steps": 1,
    "writers": [SUB],
    "approvers": ["45c48cce"],
    "comment": None,
    "at": TAKEN_UP,
}
NOTE: Example = {"id": 7, "at": TAKEN_UP, "sub": SUB, "role": "body-agent", "body": BODY, "text": "Called the office."}
TEMPLATE: Example = {"code": "ready", "language": "en", "title": "Ready", "outcome": "favourable"}
SEVERAL: list[JsonValue] = [{"reference": REFERENCE, "version": 2}, {"reference": "3BZJ-8WQV-5", "version": 1}]
