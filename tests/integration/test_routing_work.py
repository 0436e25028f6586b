"""Who works on what: assignees, units, deputies, handover, notes, and the queue narrowed to them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.complaint import Header
from shared.contracts.states import ClockState
from tests.support.desk import NOON, filing
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, Who, open_desks, refused
from tests.support.lives import at
from tests.support.stores import Opener, fact

ADMIN, APPROVER = ("body-admin", "water-office"), ("approver", "water-office")
AGENT = "local-body-agent"


@pytest.fixture
async def desks(open_store: Opener) -> AsyncIterator[Desks]:
    opened = await open_desks(open_store)
    async with opened.client:
        for who in (OFFICE, APPROVER, ADMIN, NATIONAL):
            await opened.get("/v1/staff", who)
        yield opened


async def listed(desks: Desks, who: Who = OFFICE, **query: Any) -> list[str]:
    response = await desks.get("/v1/cases", who, **query)
    assert response.status_code == 200, response.text
    return [case["reference"] for case in response.json()["cases"]]


async def given(desks: Desks, header: Header, version: int = 1, who: Who = ADMIN, **to: Any) -> None:
    response = await desks.act(who, header, "assignee", version, "PUT", **to)
    assert response.status_code == 200, response.text


async def test_a_case_is_given_to_a_colleague_and_its_version_stays(desks: Desks) -> None:
    header, other = await desks.file(), await desks.file()
    await desks.told()
    await given(desks, header, sub=AGENT)
    assert await listed(desks, assigned="me") == [header.reference]
    assert await listed(desks, APPROVER, assigned="me") == []
    assert await listed(desks, assigned="nobody") == [other.reference]
    [line] = (await desks.get("/v1/cases", OFFICE, assigned="me")).json()["cases"]
    assert (line["assignee"], line["unit"], line["version"]) == (AGENT, None, 1)
    assert await desks.told() == []
    await given(desks, header, sub=None)
    assert await listed(desks, assigned="me") == []
    for asked, problem in (({"sub": "nobody"}, "unknown-colleague"), ({"sub": AGENT, "unit": "x"}, "invalid-field")):
        assert refused(await desks.act(ADMIN, header, "assignee", 1, "PUT", **asked)) == (422, problem)
    assert refused(await desks.act(ADMIN, header, "assignee", 2, "PUT", sub=AGENT)) == (412, "version-stale")
    stranger = await desks.act(NATIONAL, header, "assignee", 1, "PUT", sub="local-national-desk")
    assert refused(stranger) == (422, "unknown-colleague")


async def test_a_case_that_has_left_the_body_is_nobody_s_there(desks: Desks) -> None:
    header = await desks.file()
    await given(desks, header, sub=AGENT)
    await desks.done(OFFICE, header, "assignment", 1, body="ministry-waters", reason="competence")
    assert await listed(desks, assigned="me") == []
    assert await listed(desks, WATERS, assigned="nobody") == [header.reference]


async def test_units(desks: Desks) -> None:
    header = await desks.file()
    assert (await listed(desks, assigned="my-unit")) == []
    await given(desks, header, unit="meters")
    assert (await desks.put(ADMIN, f"/v1/staff/{AGENT}/unit", unit="meters")).status_code == 200
    assert await listed(desks, assigned="my-unit") == await listed(desks, unit="meters") == [header.reference]
    assert await listed(desks, APPROVER, assigned="my-unit") == []
    assert (await desks.get("/v1/cases/counts", OFFICE)).json()["my_unit"] == 1
    [me] = [s for s in (await desks.get("/v1/staff", OFFICE)).json()["staff"] if s["sub"] == AGENT]
    assert (me["unit"], me["body"], me["role"], me["deputy"]) == ("meters", "water-office", "body-agent", None)
    assert refused(await desks.put(ADMIN, "/v1/staff/nobody/unit", unit="meters")) == (404, "staff-unknown")
    assert refused(await desks.put(("body-admin", "ministry-towns"), f"/v1/staff/{AGENT}/unit?body=water-office", unit="x")) == (
        404,
        "staff-unknown",
    )
    assert refused(await desks.put(OFFICE, f"/v1/staff/{AGENT}/unit", unit="meters")) == (403, "role-not-allowed")


async def test_a_deputy_finds_the_cases_of_whom_they_stand_for(desks: Desks) -> None:
    header = await desks.file()
    await given(desks, header, sub=AGENT)
    away = {"deputy": "local-approver", "from": "2026-03-05T00:00:00Z", "until": "2026-03-09T00:00:00Z"}
    assert (await desks.put(OFFICE, f"/v1/staff/{AGENT}/absence", **away)).json()["deputy"] == "local-approver"
    seen = []
    for day in ("2026-03-04T23:59:59Z", "2026-03-05T00:00:00Z", "2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z"):
        desks.bench.at(day)
        seen.append(await listed(desks, APPROVER, assigned="me"))
    assert seen == [[], [header.reference], [header.reference], []]
    desks.bench.at("2026-03-06T00:00:00Z")
    assert (await desks.get("/v1/cases/counts", APPROVER)).json()["mine"] == 1
    await desks.done(APPROVER, header, "take-up", 1)
    assert refused(await desks.put(APPROVER, f"/v1/staff/{AGENT}/absence", **away)) == (403, "not-your-absence")
    assert refused(await desks.put(OFFICE, f"/v1/staff/{AGENT}/absence", **away | {"deputy": "nobody"})) == (404, "staff-unknown")
    backward = away | {"until": "2026-03-04T00:00:00Z"}
    assert refused(await desks.put(OFFICE, f"/v1/staff/{AGENT}/absence", **backward)) == (422, "invalid-field")


async def test_whoever_leaves_hands_over_all_open_cases(desks: Desks) -> None:
    open_, closed, other = await desks.file(), await desks.file(), await desks.file()
    for header in (open_, closed):
        await given(desks, header, sub=AGENT)
    await given(desks, other, sub="local-body-admin")
    await desks.done(OFFICE, closed, "response", 1, outcome="favourable", reasons="Done.")
    path = f"/v1/staff/{AGENT}/handover"
    sent = desks.bench.token(*ADMIN)
    assert (await desks.client.post(path, json={"to": "local-approver"}, headers=sent)).json() == {"cases": 1}
    assert (await listed(desks, APPROVER, assigned="me"), await listed(desks, assigned="me")) == ([open_.reference], [closed.reference])
    entries = (await desks.get("/v1/audit", NATIONAL, reference=open_.reference)).json()["entries"]
    assert [(e["role"], e["action"]) for e in entries] == [("body-admin", "assignee"), ("body-admin", "handover")]
    assert refused(await desks.client.post(path, json={"to": "nobody"}, headers=sent)) == (404, "staff-unknown")


async def test_notes_are_a_body_s_own_and_go_with_the_filer(desks: Desks) -> None:
    header = await desks.file()
    written = await desks.act(OFFICE, header, "notes", None, text="Amal called.")
    assert (written.status_code, written.json()["text"], written.json()["sub"]) == (201, "Amal called.", AGENT)
    assert (await desks.act(NATIONAL, header, "notes", None, text="Seen.")).status_code == 201
    path = f"/v1/cases/{header.reference}/notes"
    assert [n["text"] for n in (await desks.get(path, ADMIN)).json()["notes"]] == ["Amal called."]
    assert [n["text"] for n in (await desks.get(path, NATIONAL)).json()["notes"]] == ["Amal called.", "Seen."]
    assert refused(await desks.get(path, WATERS)) == (404, "case-unknown")
    entries = (await desks.get("/v1/audit", NATIONAL, reference=header.reference)).json()["entries"]
    assert [e["action"] for e in entries] == ["note", "note", "read-notes", "read-notes"]
    await desks.bench.deliver(fact("intake", header, 2, filing(erased_at=at("2026-03-03"))))
    assert (await desks.get(path, NATIONAL)).json()["notes"] == []
    assert refused(await desks.act(OFFICE, header, "notes", None, text="Amal called.")) == (409, "erased")


async def test_the_queue_narrowed_and_counted(desks: Desks) -> None:
    headers = [await desks.file() for _ in range(3)]
    given = {"procedure": "access-to-information@1", "public_service": None, "body": "water-office"}
    information = await desks.file(filing(coded={"urgent": "no"}), **given)
    for days, header in enumerate(headers, 1):
        moment = NOON + timedelta(days=days)
        await desks.bench.deliver(fact("deadlines", header, 1, (ClockState(code="answer", holder="body", due_at=moment),)))
    first, second, third = (header.reference for header in headers)
    desks.bench.at(NOON + timedelta(days=2))
    assert await listed(desks, overdue=True) == [first, second]
    assert await listed(desks, due_before=(NOON + timedelta(days=2, hours=1)).isoformat()) == [first, second]
    assert await listed(desks, overdue=True, due_before=(NOON + timedelta(days=1)).isoformat()) == [first]
    assert await listed(desks, procedure="access-to-information") == await listed(desks, procedure="access-to-information@1")
    assert await listed(desks, procedure="access-to-information") == [information.reference]
    assert await listed(desks, procedure="access") == []
    assert await listed(desks, public_service="water-bill") == [first, second, third]
    await desks.done(OFFICE, headers[2], "response", 1, outcome="favourable", reasons="Done.")
    counts = (await desks.get("/v1/cases/counts", OFFICE)).json()
    expected = {"triage": 0, "with_body": 3, "waiting_for_citizen": 0, "overdue": 2, "unassigned": 3, "mine": 0, "my_unit": 0}
    assert {name: counts[name] for name in expected} == expected
    assert (await desks.get("/v1/cases/counts", OFFICE, public_service="water-bill")).json()["with_body"] == 2
    assert (await desks.get("/v1/cases/counts", WATERS)).json()["with_body"] == 0
    for query in ({"due_before": "tomorrow"}, {"due_before": "2026-03-02T10:00:00"}, {"assigned": "you"}):
        assert refused(await desks.get("/v1/cases", OFFICE, **query)) == (422, "invalid-field")
