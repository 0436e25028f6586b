"""The clocks of one complaint as examples for the interface's description, and what a change of the calendar would do to another."""

from pydantic import JsonValue

from shared.contracts.states import ClockState
from shared.contracts.why import LANGUAGES, explain
from shared.runtime.examples import Example, whole

BODY, FILED, DUE = "commune-061410100", "2026-03-02T10:00:00.000Z", "2026-05-01T23:00:00.000Z"
_STEPS: list[JsonValue] = [
    {"code": "start", "from": "2026-03-02"},
    {"code": "first_day_out", "from": "2026-03-02"},
    {"code": "span", "n": 60, "unit": "calendar_days"},
    {"code": "last_day", "until": "2026-05-01", "calendar_version": 1},
]
_CLOCK: Example = {"holder": "body", "body": BODY, "starts_at": FILED, "due_at": DUE, "last_day": "2026-05-01"}
_STATE = whole(ClockState, {"code": "answer", **_CLOCK, "why": _STEPS})
_WHY: dict[str, list[JsonValue]] = {language: [*explain(ClockState.model_validate(_STATE), language)] for language in LANGUAGES}
CLOCK: Example = {
    "clock": "answer",
    "label": "Réponse motivée",
    **_CLOCK,
    "status": "running",
    "breached_at": None,
    "corrected_at": None,
    "why": _WHY["fr"],
    "why_in": {**_WHY},
    "steps": _STATE["why"],
}
ELAPSED: Example = {"days": 3, "until": None, "turns": [{"body": BODY, "since": FILED, "until": None, "days": 3}]}

DAYS: Example = {
    "title": {"ar": "أيام العمل", "fr": "Jours ouvrables"},
    "weekly_off": ["saturday", "sunday"],
    "days_off": [{"date": "2026-03-23", "label": {"ar": "عطلة استثنائية", "fr": "Jour de congé exceptionnel"}, "kind": "exceptional"}],
    "known_until": "2026-12-31",
}
_MOVE: Example = {
    "reference": "3BZJ-8WQV-5",
    "clock": "answer",
    "before": "2026-03-31",
    "after": "2026-04-01",
    "due_before": "2026-03-31T23:00:00.000Z",
    "due_after": "2026-04-01T23:00:00.000Z",
    "taken_back": False,
}
PREVIEW: Example = {
    "calendar": "ma",
    "of_version": 1,
    "complaints": 120,
    "clocks": 131,
    "moved": 1,
    "later": 1,
    "earlier": 0,
    "taken_back": 0,
    "examples": [_MOVE],
}
