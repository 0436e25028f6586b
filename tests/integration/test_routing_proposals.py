"""What a body's admin may not change is proposed, accepted or declined; the history says who did which."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.desks import NATIONAL, OFFICE, Desks, Who, refused

ADMIN: Who = ("body-admin", "water-office")
CHIEF: Who = ("body-admin", "ministry-waters")
STRANGER: Who = ("body-admin", "ministry-towns")
AUDITOR: Who = ("auditor", None)
NAME = {"ar": "وكالة الماء", "fr": "Agence de l'eau"}
DECREE = "Decree 12 of 1 February."


@pytest.fixture
async def desks(desks: Desks) -> Desks:
    """What the pack told is not looked at."""
    await desks.bench.take_outbox()
    return desks


async def call(desks: Desks, who: Who, path: str, version: int | None = None, **asked: Any) -> httpx.Response:
    return await desks.send(who, f"/v1/directory/{path}", version, "POST", asked or None)


async def proposed(desks: Desks, who: Who = ADMIN, version: int = 1, **asked: Any) -> dict[str, Any]:
    response = await call(desks, who, "bodies/water-office/proposals", version, **(asked or {"name": NAME, "on": "2026-02-01"}))
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def listed(desks: Desks, who: Who, **query: Any) -> list[tuple[int, str]]:
    response = await desks.get("/v1/directory/proposals", who, **query)
    assert response.status_code == 200, response.text
    return [(one["id"], one["state"]) for one in response.json()["proposals"]]


async def test_a_name_is_proposed_by_the_body_accepted_by_the_national_desk_and_both_are_known_for_ever(desks: Desks) -> None:
    made = await proposed(desks, name=NAME, on="2026-02-01", reason=DECREE)
    before = {"ar": "مكتب الماء", "fr": "Office de l'eau"}
    expected = {"about": "water-office", "version": 1, "on": "2026-02-01", "fields": {"name": [before, NAME]}, "reason": DECREE}
    expected |= {"role": "body-admin", "by_body": "water-office", "state": "open", "decision": None}
    assert {name: made[name] for name in expected} == expected
    assert await desks.bench.outbox() == []
    response = await call(desks, NATIONAL, f"proposals/{made['id']}/acceptance", 1)
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    [(_, record)] = await desks.bench.take_outbox()
    assert (record.version, record.name, str(record.valid_from), str(record.history[0].until)) == (2, NAME, "2026-02-01", "2026-01-31")
    history = (await desks.get("/v1/directory/bodies/water-office/history", OFFICE)).json()
    [change] = history["changes"]
    assert (change["act"], change["role"], change["body"], change["fields"]["name"]) == ("proposal", "national-desk", None, [before, NAME])
    assert (change["proposal"]["role"], change["proposal"]["body"], change["proposal"]["id"]) == ("body-admin", "water-office", made["id"])
    assert [name["name"] for name in history["names"]] == [before]
    assert await listed(desks, ADMIN) == [(made["id"], "accepted")]
    subs = "select sub, decided_sub from directory_proposal"
    assert await desks.bench.execute(subs) == [("local-body-admin", "local-national-desk")]


async def test_what_is_declined_changes_nothing_and_says_why(desks: Desks) -> None:
    made = await proposed(desks, CHIEF, parent="ministry-towns", online=False)
    assert made["fields"] == {"parent": ["ministry-waters", "ministry-towns"], "online": [True, False]}
    declined = await call(desks, NATIONAL, f"proposals/{made['id']}/refusal", reason="No decree says so.")
    assert declined.status_code == 200
    assert (declined.json()["state"], declined.json()["decision"]["reason"]) == ("declined", "No decree says so.")
    assert await desks.bench.outbox() == []
    for last, asked in (("acceptance", {}), ("refusal", {"reason": "Again."})):
        assert refused(await call(desks, NATIONAL, f"proposals/{made['id']}/{last}", 1, **asked)) == (409, "proposal-decided")


async def test_of_two_who_decide_at_once_one_is_told_it_was_decided(desks: Desks) -> None:
    made = await proposed(desks)
    decisions = [call(desks, NATIONAL, f"proposals/{made['id']}/refusal", reason=f"{n}") for n in range(4)]
    answers = await asyncio.gather(call(desks, NATIONAL, f"proposals/{made['id']}/acceptance", 1), *decisions)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_it_is_accepted_on_the_record_as_it_is_then(desks: Desks) -> None:
    made = await proposed(desks)
    hours = {"opening_hours": "Mo-Fr 08:30-16:30"}
    headers = desks.bench.token(*ADMIN) | {"If-Match": '"1"'}
    assert (await desks.client.patch("/v1/directory/bodies/water-office", headers=headers, json=hours)).is_success
    place = f"proposals/{made['id']}/acceptance"
    assert refused(await call(desks, NATIONAL, place, 1)) == (412, "version-stale")
    assert refused(await call(desks, NATIONAL, place)) == (428, "if-match-missing")
    found = (await call(desks, NATIONAL, place, 2)).json()
    assert (found["name"], found["opening_hours"], found["version"]) == (NAME, "Mo-Fr 08:30-16:30", 3)
    again = await call(desks, ADMIN, "bodies/water-office/proposals", 3, name=NAME)
    assert refused(again) == (409, "nothing-changes")


async def test_the_list_is_a_page_of_what_one_may_see(desks: Desks) -> None:
    ids = [(await proposed(desks, reason=f"{n}", name=NAME))["id"] for n in range(3)]
    every = [(id, "open") for id in ids]
    for who, expected in ((ADMIN, every), (CHIEF, every), (NATIONAL, every), (AUDITOR, every), (STRANGER, [])):
        assert await listed(desks, who) == expected
    assert await listed(desks, NATIONAL, state="declined") == await listed(desks, NATIONAL, body="ministry-towns") == []
    assert await listed(desks, STRANGER, body="water-office") == []
    first = (await desks.get("/v1/directory/proposals", ADMIN, limit=2)).json()
    assert await listed(desks, ADMIN, after=first["next"], limit=2) == every[2:]
    assert refused(await desks.get("/v1/directory/proposals", OFFICE)) == (403, "role-not-allowed")


@pytest.mark.parametrize(
    ("asked", "expected", "field"),
    [
        ({"name": {"fr": "Agence"}}, (422, "name-missing"), "name.ar"),
        ({"name": None}, (422, "invalid-field"), "name"),
        ({"name": NAME, "on": "2026-03-03"}, (422, "date-in-future"), "on"),
        ({"parent": "nobody"}, (422, "unknown-body"), "parent"),
        ({"parent": "water-office"}, (422, "own-ancestor"), "parent"),
        ({"territory": "999999999"}, (422, "unknown-territory"), "territory"),
        ({"mailbox": "x@noria.example"}, (422, "invalid-field"), "mailbox"),
        ({"reason": "Only this."}, (409, "nothing-changes"), None),
    ],
)
async def test_what_cannot_be_is_not_proposed(desks: Desks, asked: dict[str, Any], expected: tuple[int, str], field: str | None) -> None:
    response = await call(desks, ADMIN, "bodies/water-office/proposals", 1, **asked)
    assert (refused(response), response.json().get("field")) == (expected, field)
    assert await listed(desks, NATIONAL) == []


async def test_who_may_not_and_what_is_not_there(desks: Desks) -> None:
    place = "bodies/water-office/proposals"
    assert refused(await call(desks, STRANGER, place, 1, name=NAME)) == (403, "not-your-body")
    for who in (OFFICE, NATIONAL):
        assert refused(await call(desks, who, place, 1, name=NAME)) == (403, "role-not-allowed")
    assert refused(await call(desks, ADMIN, place, 2, name=NAME)) == (412, "version-stale")
    assert refused(await call(desks, ADMIN, place, None, name=NAME)) == (428, "if-match-missing")
    assert refused(await call(desks, ADMIN, "bodies/nobody/proposals", 1, name=NAME)) == (404, "body-unknown")
    assert refused(await call(desks, CHIEF, "bodies/old-water-board/proposals", 1, name=NAME)) == (409, "body-closed")
    assert refused(await call(desks, NATIONAL, "proposals/99/acceptance", 1)) == (404, "proposal-unknown")
    assert refused(await call(desks, NATIONAL, "proposals/99/refusal", reason="No.")) == (404, "proposal-unknown")
    assert refused(await call(desks, ADMIN, "proposals/1/acceptance", 1)) == (403, "role-not-allowed")
    assert refused(await call(desks, NATIONAL, "proposals/1/refusal", reason=" ")) == (422, "invalid-field")
