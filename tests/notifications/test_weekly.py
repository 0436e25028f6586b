"""When a week's lists are due, and what they say."""

from datetime import date, datetime
from typing import Any

import pytest

from services.notifications.weekly.domain import Case, Week, answering, latest, lists
from services.notifications.words import Subject, Templates
from shared.contracts.directory import CalendarRecord, Directory
from shared.contracts.directory_records import WeeklyList
from tests.support.lives import at, noria
from tests.support.timed import with_days_off

POLICY = WeeklyList.model_validate({"weekday": "monday", "at": "09:00", "soon": {"n": 7, "unit": "calendar_days"}, "level": 3})
DUE = at("2026-03-11T23:00:00+00:00")
CASE = Case("water-office", "7KQ4-XM2N-3", "complaint@1", "water-bill", "answer", DUE, date(2026, 3, 11), (), False, 1, 1)
templates = Templates()


def country(*days_off: str, **policy: Any) -> Directory:
    directory = noria()
    assert directory.pack
    pack = directory.pack.model_copy(update={"version": 2, "weekly_list": POLICY.model_copy(update=policy)})
    calendar = directory.records["calendar/noria"]
    assert isinstance(calendar, CalendarRecord)
    return directory.updated([pack, with_days_off(calendar, days_off)] if days_off else [pack])


def week(directory: Directory, now: str) -> tuple[str, datetime]:
    found = latest(directory, at(now))
    assert found
    return found.code, found.at


@pytest.mark.parametrize(
    ("now", "code", "due"),
    [
        ("2026-03-09T07:59:59Z", "2026-W10", "2026-03-02T08:00:00Z"),
        ("2026-03-09T08:00:00Z", "2026-W11", "2026-03-09T08:00:00Z"),
        ("2026-03-15T22:00:00Z", "2026-W11", "2026-03-09T08:00:00Z"),
        ("2026-12-31T12:00:00Z", "2026-W53", "2026-12-28T08:00:00Z"),
        ("2027-01-02T12:00:00Z", "2026-W53", "2026-12-28T08:00:00Z"),
    ],
)
def test_a_list_is_due_on_its_weekday_at_its_local_hour(now: str, code: str, due: str) -> None:
    assert week(country(), now) == (code, at(due))


def test_a_weekday_that_is_a_day_off_gives_way_to_the_next_working_day() -> None:
    off = country("2026-03-09", "2026-03-10")
    assert week(off, "2026-03-11T07:59:00Z")[0] == "2026-W10"
    assert week(off, "2026-03-11T08:00:00Z") == ("2026-W11", at("2026-03-11T08:00:00Z"))
    assert week(country(weekday="saturday"), "2026-03-16T08:00:00Z")[0] == "2026-W11"


def test_without_a_policy_there_is_no_list() -> None:
    assert latest(noria(), DUE) is None
    assert latest(Directory(), DUE) is None


def test_soon_is_a_span_of_the_jurisdiction() -> None:
    found = latest(country(), at("2026-03-09T08:00:00Z"))
    assert found
    assert found.horizon == at("2026-03-16T23:00:00Z")
    worked = latest(country(soon=POLICY.soon.model_copy(update={"unit": "working_days"})), at("2026-03-09T08:00:00Z"))
    assert worked
    assert worked.horizon == at("2026-03-18T23:00:00Z")


def test_only_clocks_that_a_body_s_answer_stops_are_listed() -> None:
    laws = [law for law in noria().procedures.values() if law.code == "complaint"]
    assert set(answering(noria())) >= {("complaint@1", "answer")}
    assert not {("complaint@1", clock.code) for law in laws for clock in law.clocks if clock.holder != "body"} & set(answering(noria()))


def test_a_list_says_dates_and_codes_and_the_level_that_was_reached() -> None:
    monday = Week("2026-W12", at("2026-03-16T08:00:00Z"), date(2026, 3, 16), at("2026-03-23T23:00:00Z"), 3)
    late, soon = CASE, Case(**(vars(CASE) | {"reference": "B", "due_at": at("2026-03-20T23:00:00Z"), "last_day": date(2026, 3, 20)}))
    found = lists(monday, [Case(**(vars(late) | {"alerts": ["d-15", "d-5"]})), Case(**(vars(soon) | {"waiting": True}))], country())
    (body, intent), *rest = found.items()
    assert (body, rest, intent.subject, intent.audience) == ("water-office", [], "water-office/2026-W12", "body:water-office")
    said = [{name: case[name] for name in ("late", "days_late", "level", "holder")} for case in intent.params["cases"]]
    assert said == [
        {"late": True, "days_late": 5, "level": 2, "holder": "body"},
        {"late": False, "days_late": 0, "level": 1, "holder": "citizen"},
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "- 7KQ4-XM2N-3, Facture d'eau: due 11 March 2026, days late: 5, level 1, with the body"),
        ("fr", "- 7KQ4-XM2N-3, Facture d'eau : échéance le 11 mars 2026, jours de retard : 5, niveau 1, auprès de l'organisme"),
        ("ar", "أيام التأخر: 5"),
    ],
)
def test_a_list_can_be_read(language: str, line: str) -> None:
    monday = Week("2026-W12", at("2026-03-16T08:00:00Z"), date(2026, 3, 16), at("2026-03-23T23:00:00Z"), 3)
    intent = lists(monday, [Case(**(vars(CASE) | {"all": 3}))], country())["water-office"]
    about = Subject(intent.code, intent.audience, "body/water-office", "", intent.params)
    letter = templates.letter(about, language, country(), link=None)
    assert line in letter.text
    assert "2" in letter.text.split("\n\n")[2]  # two more are not named
