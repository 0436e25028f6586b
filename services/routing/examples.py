"""One case as an example for the interface's description: the same one in every call, so that they can be read as a story."""

from pydantic import ConfigDict, JsonValue

REFERENCE, BODY, SUB = "7KQ4-XM2D-5", "commune-061410100", "8f14e45f"
FILED, TAKEN_UP, DUE = "2026-03-02T10:00:00.000Z", "2026-03-04T09:00:00.000Z", "2026-05-01T23:00:00.000Z"
WORDS = "It is ready at counter 4."

_KIND: dict[str, JsonValue] = {"public_service": "birth-certificate", "territory": "061410100", "procedure": "complaint@1"}
HEADER: dict[str, JsonValue] = {
    "id": "019cae5e-3c80-7000-8000-000000000001",
    "reference": REFERENCE,
    **_KIND,
    "filed_at": FILED,
    "recorded_at": FILED,
    "channel": "web",
    "body": None,
    "links": [],
}
CASE: dict[str, JsonValue] = {
    "reference": REFERENCE,
    "version": 2,
    "complaint": HEADER,
    "filing": {"language": "fr", "coded": {"nature": "dissatisfaction"}},
    "case": {
        "status": "with_body",
        "kind": "complaint",
        "public_service": "birth-certificate",
        "body": BODY,
        "qualified_at": FILED,
        "taken_up_at": TAKEN_UP,
        "custody": [{"body": BODY, "since": FILED, "until": None, "reason": None}],
    },
    "deadlines": [{"code": "answer", "holder": "body", "body": BODY, "starts_at": FILED, "due_at": DUE, "last_day": "2026-05-01"}],
}
PAPERS: dict[str, JsonValue] = {
    "complaint_id": HEADER["id"],
    "reference": REFERENCE,
    "version": 1,
    "person": {"name": "Amal", "email": "amal@example.org", "language": "fr"},
    "subject": "No birth certificate",
    "narrative": "Asked three times, never given.",
}
LINE: dict[str, JsonValue] = {
    "reference": REFERENCE,
    "status": "with_body",
    "body": BODY,
    **_KIND,
    "filed_at": FILED,
    "due_at": DUE,
    "version": 2,
}
DRAFT: dict[str, JsonValue] = {
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
NOTE: dict[str, JsonValue] = {"id": 7, "at": TAKEN_UP, "sub": SUB, "role": "body-agent", "body": BODY, "text": "Called the office."}
TEMPLATE: dict[str, JsonValue] = {"code": "ready", "language": "en", "title": "Ready", "outcome": "favourable"}
SEVERAL: list[JsonValue] = [{"reference": REFERENCE, "version": 2}, {"reference": "3BZJ-8WQN-V", "version": 1}]


def shown(example: dict[str, JsonValue], *, from_attributes: bool = False) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example}, from_attributes=from_attributes)
