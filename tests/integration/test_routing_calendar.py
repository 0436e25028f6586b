"""A calendar that the national desk, or an operator, changes: a new version, told once, noted, and kept when the pack is loaded again."""

from typing import Any

import pytest
import yaml

from services.routing.directory.calendars import REFUSED, edit_calendar
from services.routing.packs import adopt
from shared.contracts.directory import CalendarRecord
from tests.support import desk
from tests.support.desks import NATIONAL, OFFICE, Desks, Who

PATH = "/v1/directory/calendars/noria"
OFF = {"date": "2026-04-01", "label": {"ar": "عطلة", "fr": "Jour chômé"}, "kind": "exceptional"}


@pytest.fixture
async def desks(desks: Desks) -> Desks:
    """What the pack told is not looked at."""
    await desks.bench.take_outbox()
    return desks


async def read(desks: Desks) -> tuple[dict[str, Any], str]:
    answer = await desks.get(PATH, OFFICE)
    assert answer.status_code == 200, answer.text
    calendar: dict[str, Any] = answer.json()
    return {name: calendar[name] for name in ("title", "weekly_off", "days_off", "known_until")}, answer.headers["ETag"]


async def put(desks: Desks, who: Who, version: str, edit: dict[str, Any], path: str = PATH) -> Any:
    return await desks.client.put(path, headers=desks.bench.token(*who) | {"If-Match": version}, json=edit)


async def with_day_off(desks: Desks, version: str = '"1"', who: Who = NATIONAL) -> Any:
    days, _ = await read(desks)
    return await put(desks, who, version, days | {"days_off": [*days["days_off"], OFF]})


async def test_a_change_is_the_next_version_told_once_and_noted(desks: Desks) -> None:
    days, version = await read(desks)
    assert (version, len(days["days_off"])) == ('"1"', 9)
    changed = await with_day_off(desks)
    assert (changed.status_code, changed.headers["ETag"], changed.json()["days_off"][-1]["date"]) == (200, '"2"', "2026-04-01")
    ((_, record),) = await desks.bench.take_outbox()
    assert isinstance(record, CalendarRecord)
    assert (record.key, record.version, record.calendar.version, record.base_version) == ("calendar/noria", 2, 2, 1)
    (noted,) = await desks.bench.execute("select version, act, role, fields->'calendar' is not null as said from directory_change")
    assert tuple(noted) == (2, "calendar", "national-desk", True)


async def test_of_two_changes_of_one_version_the_second_is_told_to_read_again(desks: Desks) -> None:
    assert (await with_day_off(desks)).status_code == 200
    stale = await with_day_off(desks)
    assert (stale.status_code, stale.json()["code"], stale.headers["ETag"]) == (412, "version-stale", '"2"')


async def test_a_calendar_that_cannot_be_is_refused_whole(desks: Desks) -> None:
    days, version = await read(desks)
    twice = await put(desks, NATIONAL, version, days | {"days_off": [OFF, OFF]})
    assert (twice.status_code, twice.json()["code"], twice.json()["field"]) == (422, "invalid-calendar", "days_off.1.date")
    unknown = await put(desks, NATIONAL, version, days, "/v1/directory/calendars/atlantis")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "calendar-unknown")
    assert (await with_day_off(desks, who=OFFICE)).status_code == 403
    assert await desks.bench.take_outbox() == []


async def test_the_same_pack_loaded_again_leaves_the_change_and_a_newer_one_takes_its_place(desks: Desks) -> None:
    await with_day_off(desks)
    assert await desks.bench.node.run(lambda tx: adopt(tx, desk.noria_pack())) is False
    desks.bench.node.cache.expire()
    assert (await read(desks))[1] == '"2"'


async def test_an_operator_gives_the_calendar_s_file_with_the_next_version(desks: Desks, tmp_path) -> None:
    days, _ = await read(desks)
    file = tmp_path / "noria.yaml"
    document = days | {"code": "noria", "version": 2, "time_zone": "Africa/Tunis", "days_off": [*days["days_off"], OFF]}
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert await edit_calendar(desks.bench.node, str(file)) == 0
    assert await edit_calendar(desks.bench.node, str(file)) == REFUSED
    file.write_text(yaml.safe_dump(document | {"weekly_off": ["someday"]}), encoding="utf-8")
    assert await edit_calendar(desks.bench.node, str(file)) == REFUSED
    (noted,) = await desks.bench.execute("select version, role from directory_change")
    assert tuple(noted) == (2, "operator")
