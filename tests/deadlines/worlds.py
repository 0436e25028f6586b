"""Small procedures, calendars and histories for the tests of deadlines."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.contracts.calendars import Calendar
from shared.contracts.complaint import Header
from shared.contracts.directory import CalendarRecord, Directory, DirectoryRecord, PackRecord, ProcedureRecord
from shared.contracts.procedures import ClockRule, Procedure
from shared.contracts.states import Case, ExtensionGranted, Filing, Request

NAMES = UUID("0193a000-0000-7000-8000-000000000000")
WORDS = {"fr": "Nom"}
WEEKEND = ("saturday", "sunday")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def calendar(days_off: Sequence[date] = (), version: int = 1, weekly_off: Sequence[str] = WEEKEND) -> Calendar:
    days = [{"date": day, "label": WORDS, "kind": "civil"} for day in days_off]
    return Calendar.model_validate(
        {"code": "ma", "version": version, "weekly_off": weekly_off, "time_zone": "Africa/Casablanca", "days_off": days}
    )


def rule(**given: Any) -> ClockRule:
    """An answer clock of 60 calendar days, held by the body, unless told otherwise."""
    base = {
        "code": "answer",
        "label": {"ar": "الجواب", "fr": "Réponse", "en": "Answer"},
        "starts": "filed",
        "stops": ["answered", "closed"],
        "paused_by_requests": True,
        "span": {"n": 60, "unit": "calendar_days"},
        "holder": "body",
    }
    return ClockRule.model_validate(base | given)


QUALIFY = rule(
    code="qualify",
    stops=["qualified", "answered", "closed"],
    span={"n": 15, "unit": "calendar_days"},
    holder="platform",
    paused_by_requests=False,
)
SUPPLY = rule(code="supply", starts="requested", span={"n": 15, "unit": "calendar_days"}, holder="citizen", paused_by_requests=False)


def law(*clocks: ClockRule) -> Procedure:
    asks = any(clock.follows_request for clock in clocks)
    requests = {"max": 5, "lapse": {"n": 15, "unit": "calendar_days"}} if asks else {"max": 0}
    return Procedure.model_validate(
        {
            "code": "complaint",
            "version": 1,
            "valid_from": "2020-01-01",
            "kind": "complaint",
            "title": WORDS,
            "legal_basis": [{"title": "Law", "certainty": "A"}],
            "filer": {"identity": "none"},
            "form": [{"code": "urgent", "type": "choice", "private": False, "label": WORDS, "options": [{"code": "yes", "label": WORDS}]}],
            "addressee": {"mode": "rule"},
            "clocks": clocks,
            "outcomes": [{"code": "favourable", "label": WORDS, "counts_as": "answered"}],
            "requests": requests,
            "retention": {"n": 60, "unit": "months"},
        }
    )


def directory(procedure: Procedure | None, cal: Calendar | None) -> Directory:
    day = date(2020, 1, 1)
    records: list[DirectoryRecord] = [
        PackRecord(
            valid_from=day,
            country="noria",
            name=WORDS,
            sha256="0" * 64,
            counts={},
            time_zone="Africa/Casablanca",
            calendar="ma",
            languages=("fr",),
            page_languages=("fr",),
            national_desk=WORDS,
        )
    ]
    if cal:
        records.append(CalendarRecord(valid_from=day, version=cal.version, calendar=cal))
    if procedure:
        records.append(ProcedureRecord(valid_from=day, version=procedure.version, procedure=procedure))
    return Directory(records)


def header(filed: str = "2026-03-02T10:00:00Z", recorded: str | None = None) -> Header:
    return Header(
        id=NAMES,
        reference="7KQ4-XM2N-3",
        procedure="complaint@1",
        filed_at=at(filed),
        recorded_at=at(recorded or filed),
        channel="web",
        territory="010000000",
    )


def filing(**given: Any) -> Filing:
    return Filing.model_validate({"language": "fr"} | given)


def case(**given: Any) -> Case:
    base = {
        "status": "with_body",
        "kind": "complaint",
        "custody": [{"body": "commune", "since": "2026-03-02T11:00:00Z"}],
        "body": "commune",
    }
    return Case.model_validate(base | given)


def request(name: str, asked: str, lapses: str, supplied: str | None = None, lapsed: str | None = None) -> Request:
    return Request(
        id=uuid5(NAMES, name),
        asked_at=at(asked),
        lapses_at=at(lapses),
        supplied_at=at(supplied) if supplied else None,
        lapsed_at=at(lapsed) if lapsed else None,
    )


def granted(when: datetime, clock: str = "answer") -> ExtensionGranted:
    return ExtensionGranted(clock=clock, granted_at=when, reason="many-documents")


def answered(when: str, **given: Any) -> Case:
    response = {"id": uuid5(NAMES, "response"), "outcome": "favourable", "body": "commune", "posted_at": when}
    return case(**{"status": "answered", "response": response, "outcome": "favourable", "closed_at": when, **given})


def days(n: float) -> timedelta:
    return timedelta(days=n)
