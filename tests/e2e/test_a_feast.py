"""A day off that is announced late, and taken back: foretold, made over HTTP, seen by those who wait; whatever the day on which it runs."""

from datetime import date, timedelta
from typing import Any

import httpx

from deploy.local.people import Citizen, Staff, World, wait
from shared.contracts.calendars import Calendar, CalendarEdit, DayOff
from shared.contracts.why import local_date

PERSON = {"name": "Nour", "email": "nour@example.org", "language": "fr"}
DAY = timedelta(days=1)


def test_a_day_off_moves_the_dates_that_it_was_said_to_move_and_only_an_earlier_one_is_told(world: World) -> None:
    national = world.staff("national-desk")
    first = _request(world)
    last = _last_day(first)
    calendar = _calendar(national)
    feast = DayOff(date=last, label={"ar": "عيد", "fr": "Fête"}, kind="exceptional")
    announced = calendar.model_copy(update={"days_off": (*calendar.days_off, feast)})

    foretold = _preview(national, announced)
    assert (foretold["of_version"], foretold["later"] >= 1, foretold["earlier"]) == (calendar.version, True, 0)
    assert _change(national, announced, calendar.version).status_code == 200
    assert _change(national, announced, calendar.version).status_code == 412
    moved = first.until(lambda page: page["due"]["last_day"] == _next_working(announced, last).isoformat())
    assert local_date(last, "fr") in " ".join(moved["due"]["why"])
    second = _request(world)
    later = _last_day(second)
    _told(national, second, "receipt")

    assert _preview(national, calendar)["earlier"] >= 2
    assert _change(national, calendar, calendar.version + 1).status_code == 200
    first.until(lambda page: page["due"]["last_day"] == last.isoformat())
    second.until(lambda page: page["due"]["last_day"] < later.isoformat())
    _told(national, second, "due-changed")
    # The first was told of its own date when it was filed, and of none since.
    assert [notice["code"] for notice in national.notices(first.reference) if notice["code"] == "due-changed"] == []


def _request(world: World) -> Citizen:
    return world.file(
        procedure="access-to-information",
        body="commune-prima",
        territory="010010101",
        filer=PERSON,
        coded={"urgent": "no"},
        private={"information": "The budget"},
    )


def _last_day(citizen: Citizen) -> date:
    return date.fromisoformat(citizen.until(lambda page: page["due"] and page["status"] == "with_body")["due"]["last_day"])


def _told(national: Staff, citizen: Citizen, code: str) -> None:
    sent = {"code": code, "audience": "filer", "state": "sent"}
    wait(lambda: national.notices(citizen.reference), lambda notices: any(sent.items() <= notice.items() for notice in notices))


def _calendar(national: Staff) -> Calendar:
    answer = national.world.get("routing", "/v1/directory/calendars/noria", national.token)
    assert answer.status_code == 200, answer.text
    return Calendar.model_validate(answer.json())


def _edit(calendar: Calendar) -> dict[str, Any]:
    return CalendarEdit.model_validate(calendar.model_dump()).model_dump(mode="json")


def _preview(national: Staff, calendar: Calendar) -> dict[str, Any]:
    answer = national.world.post("deadlines", "/v1/calendars/noria/preview", _edit(calendar), national.token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _change(national: Staff, calendar: Calendar, version: int) -> httpx.Response:
    url = national.world.platform.url("routing") + "/v1/directory/calendars/noria"
    return national.world.http.put(url, json=_edit(calendar), headers={**national.token, "If-Match": f'"{version}"'})


def _next_working(calendar: Calendar, day: date) -> date:
    while calendar.is_day_off(day):
        day += DAY
    return day
