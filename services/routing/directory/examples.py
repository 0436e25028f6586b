"""What is sent about the directory, as examples for the interface's description."""

from pydantic import JsonValue

from services.routing.examples import BODY, TAKEN_UP

NAME: dict[str, JsonValue] = {"ar": "جماعة الدار البيضاء", "fr": "Commune de Casablanca"}
TITLE: dict[str, JsonValue] = {"ar": "رسم الولادة", "fr": "Acte de naissance"}
EDIT: dict[str, JsonValue] = {"mailbox": "bureau@commune.example", "opening_hours": "Mo-Th 08:30-16:30; Fr 08:30-12:00"}
RENAME: dict[str, JsonValue] = {"name": NAME, "on": "2026-03-01"}
CLOSE: dict[str, JsonValue] = {"successor": BODY, "on": "2026-03-01"}
MERGE: dict[str, JsonValue] = {"into": BODY}
SPLIT: dict[str, JsonValue] = {"parts": [{"body": BODY, "territories": ["061410100"]}], "rest": "ministry-interior"}
PROPOSE: dict[str, JsonValue] = {"name": NAME, "on": "2026-03-01", "reason": "Decree 2-26-12 of 1 February 2026."}
DECLINE: dict[str, JsonValue] = {"reason": "The decree is not published yet."}
SERVICE: dict[str, JsonValue] = {"title": TITLE, "body": BODY}
PLACE: dict[str, JsonValue] = {"name": {"ar": "الدار البيضاء", "fr": "Casablanca"}}
PROPOSAL: dict[str, JsonValue] = {
    "id": 4,
    "about": BODY,
    "version": 2,
    "on": "2026-03-01",
    "fields": {"name": [{"ar": "جماعة", "fr": "Casa"}, NAME]},
    "reason": PROPOSE["reason"],
    "at": TAKEN_UP,
    "role": "body-admin",
    "by_body": BODY,
    "state": "open",
    "decision": None,
}
