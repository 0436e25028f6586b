"""One complaint as an example for the interface's description: the same one in every call, so that they can be read as a story."""

from pydantic import JsonValue

from shared.contracts.states import ClockState
from shared.contracts.why import explain
from shared.runtime.examples import Example

REFERENCE, BODY, PLACE = "7KQ4-XM2N-3", "commune-061410100", "061410100"
FILED, TAKEN_UP, DUE = "2026-03-02T10:00:00.000Z", "2026-03-04T09:00:00.000Z", "2026-05-01T23:00:00.000Z"
_REQUEST, _RESPONSE = "019cd20a-0d00-7c56-b8e8-e95599f85102", "019d2025-2b00-7ea7-9eca-031377c51347"

_SUBJECT, _NARRATIVE = "No birth certificate", "Asked three times, never given."
_FILER: Example = {"name": "Amal", "email": "amal@example.org", "language": "fr"}
_CODED: Example = {"nature": "dissatisfaction"}
FILING: Example = {
    "procedure": "complaint",
    "public_service": "birth-certificate",
    "territory": PLACE,
    "subject": _SUBJECT,
    "narrative": _NARRATIVE,
    "filer": _FILER,
    "coded": _CODED,
}
_HEADER: Example = {
    "id": "019cae5e-3c80-7000-8000-000000000001",
    "reference": REFERENCE,
    "procedure": "complaint@1",
    "kind": "complaint",
    "filed_at": FILED,
    "recorded_at": FILED,
    "channel": "web",
    "public_service": "birth-certificate",
    "territory": PLACE,
    "links": [],
}
RECEIPT: Example = {**_HEADER, "secret": "s1.OnTheReceiptAndNowhereElse1", "status": "triage", "body": None}

CHECK: Example = {"subject": _SUBJECT, "narrative": "The clerk asks for a bribe."}
_DOOR: Example = {"label": "Signaler un fait de corruption", "url": "https://integrity.example.org", "body": None}
CHECKED: Example = {
    "alerts": [{"code": "corruption", "label": "Corruption", "doors": [_DOOR], "restricted": True}],
    "restricted": True,
}

SUPPLY: Example = {"request_id": _REQUEST, "text": "For the year 2019."}
SUPPLIED: Example = {"reference": REFERENCE, "request_id": _REQUEST, "supplied_at": "2026-03-11T09:00:00.000Z", "note": None}
RATE: Example = {"response_id": _RESPONSE, "satisfied": True, "comment": "It was ready at counter 4."}
RATED: Example = {"reference": REFERENCE, "response_id": _RESPONSE, "satisfied": True, "at": "2026-03-25T18:30:00.000Z"}
WITHDRAWN: Example = {"reference": REFERENCE, "withdrawal": {"requested_at": "2026-03-16T08:00:00.000Z"}, "note": None}
ERASED: Example = {
    "reference": REFERENCE,
    "erased_at": "2026-06-01T08:00:00.000Z",
    "gone_now": [
        *("name", "contact", "subject", "narrative", "the form's private fields"),
        *("supplied texts", "comments on ratings", "the body's reasons and requests, here"),
    ],
    "gone_within_24_hours": [
        *("papers at the body's desk", "contact kept for notices"),
        "copies on the topics papers, contacts and answers",
    ],
}

_STEPS: list[JsonValue] = [
    {"code": "start", "from": "2026-03-02"},
    {"code": "first_day_out", "from": "2026-03-02"},
    {"code": "span", "n": 60, "unit": "calendar_days"},
    {"code": "last_day", "until": "2026-05-01", "calendar_version": 1},
]
_WHY: list[JsonValue] = [*explain(ClockState.model_validate({"code": "answer", "holder": "body", "why": _STEPS}), "fr")]
_CLOCK: Example = {
    "code": "answer",
    "label": "Réponse motivée",
    "status": "running",
    "holder": "body",
    "body": BODY,
    "starts_at": FILED,
    "due_at": DUE,
    "last_day": "2026-05-01",
    "why": _WHY,
}
PAGE: Example = {
    **_HEADER,
    "status": "with_body",
    "title": "Réclamation",
    "body": {"id": BODY, "name": "Commune de Casablanca"},
    "coded": _CODED,
    "due": {"at": DUE, "last_day": "2026-05-01", "clock": "answer", "overdue": False, "why": _WHY},
    "clocks": [_CLOCK],
    "elapsed": {"days": 3, "until": None, "turns": [{"body": BODY, "since": FILED, "until": None, "days": 3}]},
    "withdrawal": None,
    "requests": [],
    "response": None,
    "ratings": [],
    "timeline": [
        {"at": FILED, "code": "complaint-filed", "by": "citizen"},
        {"at": FILED, "code": "complaint-routed", "by": "rule", "body": BODY},
        {"at": FILED, "code": "complaint-qualified", "by": "rule"},
        {"at": TAKEN_UP, "code": "complaint-taken-up", "body": BODY},
    ],
    "filer": {**_FILER, "phone": None},
    "subject": _SUBJECT,
    "narrative": _NARRATIVE,
    "private": {},
    "supplied": [],
    "erased_at": None,
}
