"""What is sent about the directory and what comes of it, as examples for the interface's description."""

from pydantic import JsonValue

from services.routing.examples import BODY, TAKEN_UP
from shared.contracts.calendars import Calendar
from shared.contracts.directory import BodyRecord, PublicServiceRecord, TerritoryRecord
from shared.runtime.examples import Example, whole

_PLACE, _ON, _DECIDED = "061410100", "2026-03-01", "2026-03-05T09:00:00.000Z"
_FORMER: Example = {"ar": "جماعة", "fr": "Casa"}
NAME: Example = {"ar": "جماعة الدار البيضاء", "fr": "Commune de Casablanca"}
TITLE: Example = {"ar": "رسم الولادة", "fr": "Acte de naissance"}
EDIT: Example = {"mailbox": "bureau@commune.example", "opening_hours": "Mo-Th 08:30-16:30; Fr 08:30-12:00"}
RENAME: Example = {"name": NAME, "on": _ON}
CLOSE: Example = {"successor": BODY, "on": _ON}
MERGE: Example = {"into": BODY, "on": _ON}
SPLIT: Example = {"parts": [{"body": BODY, "territories": [_PLACE]}], "rest": "ministry-interior", "on": _ON}
PROPOSE: Example = {"name": NAME, "on": _ON, "reason": "Decree 2-26-12 of 1 February 2026."}
DECLINE: Example = {"reason": "The decree is not published yet."}
SERVICE: Example = {"title": TITLE, "body": BODY}
LAST_DAY: Example = {"on": "2026-03-04"}
PLACE: Example = {"name": {"ar": "الدار البيضاء", "fr": "Casablanca"}}
PROPOSAL: Example = {
    "id": 4,
    "about": BODY,
    "version": 2,
    "on": _ON,
    "fields": {"name": [_FORMER, NAME]},
    "reason": PROPOSE["reason"],
    "at": TAKEN_UP,
    "role": "body-admin",
    "by_body": BODY,
    "state": "open",
    "decision": None,
}
DECLINED: Example = {**PROPOSAL, "state": "declined", "decision": {"at": _DECIDED, "role": "national-desk", **DECLINE}}

_NAMES: list[JsonValue] = [{"until": "2026-02-28", "name": _FORMER}]
_EDITED: Example = {"version": 2, "valid_from": _ON, "base_version": 1}
_KNOWN: Example = {
    "family": "territorial",
    "territory": _PLACE,
    "parent": "ministry-interior",
    "source": "Census of 2024",
    "certainty": "C",
}
_WRITTEN_TO: Example = {"invited_at": "2026-02-09T09:00:00.000Z", "contact_tested_at": "2026-02-10T09:00:00.000Z"}
_OLD: Example = {"id": "civil-status-office", "name": {"ar": "مكتب الحالة المدنية", "fr": "Bureau d'état civil"}, "closed_on": _ON}
RECORD = whole(BodyRecord, {**_KNOWN, **_EDITED, "version": 3, "id": BODY, "name": NAME, "history": _NAMES, **EDIT, **_WRITTEN_TO})
CLOSED = whole(BodyRecord, {**_KNOWN, **_EDITED, **_OLD, "successor": BODY})
SPLIT_UP = whole(BodyRecord, {**_KNOWN, **_EDITED, **_OLD, "successor": SPLIT["rest"], "parts": SPLIT["parts"]})
_SERVICE: Example = {**_EDITED, "code": "birth-certificate", **SERVICE, "parent": "civil-status", "territorial": "commune"}
SERVICE_RECORD = whole(PublicServiceRecord, _SERVICE)
SERVICE_CLOSED = whole(PublicServiceRecord, {**_SERVICE, "version": 3, "valid_from": LAST_DAY["on"], "closed_on": LAST_DAY["on"]})
PLACE_RECORD = whole(TerritoryRecord, {**_EDITED, "code": _PLACE, "level": "commune", "parent": "061410000", **PLACE})

_CHANGE: Example = {
    "at": _DECIDED,
    "version": 2,
    "act": "edit",
    "role": "national-desk",
    "body": None,
    "valid_from": _ON,
    "fields": {},
    "proposal": None,
}
_PROPOSED: Example = {"id": PROPOSAL["id"], "at": TAKEN_UP, "role": "body-admin", "body": BODY}
_RENAMED: Example = {"name": [_FORMER, NAME], "history": [[], _NAMES]}
HISTORY: Example = {
    "names": _NAMES,
    "name": NAME,
    "closed_on": None,
    "successor": None,
    "changes": [{**_CHANGE, "version": 3, "act": "proposal", "fields": _RENAMED, "proposal": _PROPOSED}],
    "next": None,
}
SERVICE_HISTORY: Example = {"changes": [{**_CHANGE, "fields": {"body": ["ministry-interior", BODY]}}], "next": None}
PLACE_HISTORY: Example = {"changes": [{**_CHANGE, "fields": {"name": [{"ar": "كازا", "fr": "Casa"}, PLACE["name"]]}}], "next": None}

_CELLS: Example = {"code": _PLACE, "level": "commune", "parent": "061410000", "name_ar": "الدار البيضاء", "name_fr": "Casablanca"}
TABLE: Example = {"kind": "territories", "rows": [_CELLS]}
IMPORT: Example = {
    "id": 12,
    "version": 41,
    "counts": {"changed": 1},
    "rows": [
        {
            "kind": "territories",
            "line": 1,
            "key": f"territory/{_PLACE}",
            "change": "changed",
            "fields": ["name"],
            "code": None,
            "reason": None,
            "column": None,
        }
    ],
    "applied_at": None,
}
APPLIED: Example = {**IMPORT, "applied_at": _DECIDED}

DAYS: Example = {
    "title": {"ar": "أيام العمل", "fr": "Jours ouvrables"},
    "weekly_off": ["saturday", "sunday"],
    "days_off": [{"date": "2026-03-23", "label": {"ar": "عطلة استثنائية", "fr": "Jour de congé exceptionnel"}, "kind": "exceptional"}],
    "known_until": "2026-12-31",
}
CALENDAR = whole(Calendar, {"code": "ma", "version": 2, "time_zone": "Africa/Casablanca", **DAYS})

COVERAGE: Example = {
    "bodies": 61,
    "online": 12,
    "families": [
        {"family": "ministry", "bodies": 20, "online": 5, "target": 38, "source": "All ministerial departments"},
        {"family": "establishment", "bodies": 22, "online": 4, "target": 274, "source": "119 public bodies are 43.38 %"},
        {"family": "territorial", "bodies": 12, "online": 3, "target": 1590, "source": "All collectivities"},
        {"family": "deconcentrated", "bodies": 7, "online": 0, "target": None, "source": None},
    ],
    "phases": [{"code": "launch", "label": {"ar": "الانطلاق", "fr": "Lancement"}, "target": 61, "reached": False}],
}
ONBOARDING: Example = {
    "bodies": [
        {
            "id": BODY,
            "name": NAME,
            "family": "territorial",
            "online": True,
            "has_mailbox": True,
            **_WRITTEN_TO,
            "first_login": "2026-02-12",
            "last_login": "2026-03-04",
        }
    ],
    "next": None,
}
