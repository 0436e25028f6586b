"""The directory's records are changed by those who keep them, each change dated and known; bodies come, go and change their names."""

import asyncio
from typing import Any

import httpx
import pytest

from services.routing.directory.pack import Pack
from services.routing.packs import CHUNK, PackConflict, adopt, settle_all
from shared.contracts.directory import BodyRecord
from shared.contracts.states import Case
from tests.support import desk
from tests.support.desks import NATIONAL, OFFICE, Desks, Who, refused
from tests.support.stores import fact

ADMIN: Who = ("body-admin", "water-office")
CHIEF: Who = ("body-admin", "ministry-waters")
STRANGER: Who = ("body-admin", "ministry-towns")
NAME = {"ar": "وكالة الماء", "fr": "Agence de l'eau"}


@pytest.fixture
async def desks(desks: Desks) -> Desks:
    """What the pack told is not looked at."""
    await desks.bench.take_outbox()
    return desks


async def call(desks: Desks, who: Who, path: str, version: int | None, method: str = "POST", **asked: Any) -> httpx.Response:
    return await desks.send(who, f"/v1/directory/bodies/{path}", version, method, asked)


async def done(desks: Desks, who: Who, path: str, version: int, method: str = "POST", **asked: Any) -> dict[str, Any]:
    response = await call(desks, who, path, version, method, **asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert response.headers["ETag"] == f'"{found["version"]}"'
    return found


async def records(desks: Desks) -> list[BodyRecord]:
    return [body for _, body in await desks.bench.take_outbox() if isinstance(body, BodyRecord)]


async def history(desks: Desks, id: str = "water-office", **query: Any) -> dict[str, Any]:
    response = await desks.get(f"/v1/directory/bodies/{id}/history", OFFICE, **query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_body_s_admin_says_how_it_is_reached_and_the_change_is_known_for_ever(desks: Desks) -> None:
    first = await done(desks, ADMIN, "water-office", 1, "PATCH", mailbox="new@noria.example")
    assert (first["version"], first["base_version"], first["valid_from"]) == (2, 1, "2026-03-02")
    await done(desks, CHIEF, "water-office", 2, "PATCH", opening_hours="Mo-Th 08:30-16:30; Fr 08:30-12:00", on="2026-03-01")
    assert [(r.version, r.mailbox, r.opening_hours) for r in await records(desks)] == [
        (2, "new@noria.example", None),
        (3, "new@noria.example", "Mo-Th 08:30-16:30; Fr 08:30-12:00"),
    ]
    found = await history(desks)
    assert [(c["version"], c["act"], c["role"], c["body"], c["valid_from"], c["fields"]) for c in found["changes"]] == [
        (2, "edit", "body-admin", "water-office", "2026-03-02", {"mailbox": ["office@noria.example", "new@noria.example"]}),
        (3, "edit", "body-admin", "ministry-waters", "2026-03-01", {"opening_hours": [None, "Mo-Th 08:30-16:30; Fr 08:30-12:00"]}),
    ]
    assert "sub" not in found["changes"][0]
    page = await history(desks, limit=1)
    assert [c["version"] for c in (await history(desks, limit=1, after=page["next"]))["changes"]] == [3]
    same = await done(desks, ADMIN, "water-office", 3, "PATCH", mailbox="new@noria.example")
    assert same["version"] == 3
    assert await records(desks) == []


async def test_a_body_s_admin_says_where_each_level_is_read(desks: Desks) -> None:
    head = {"level": 3, "mailbox": "head@noria.example", "language": "fr"}
    await done(desks, ADMIN, "water-office", 1, "PATCH", inboxes=[head])
    (record,) = await records(desks)
    read = [inbox.mailbox if (inbox := record.inbox(level)) else None for level in (1, 2, 3, 4)]
    assert read == ["office@noria.example", "office@noria.example", "head@noria.example", "head@noria.example"]
    assert record.model_copy(update={"inboxes": (), "mailbox": None}).inbox(3) is None


async def test_who_may_change_what(desks: Desks) -> None:
    change = {"mailbox": "x@noria.example"}
    assert refused(await call(desks, STRANGER, "water-office", 1, "PATCH", **change)) == (403, "not-your-body")
    assert refused(await call(desks, ADMIN, "ministry-waters", 1, "PATCH", **change)) == (403, "not-your-body")
    assert refused(await call(desks, ADMIN, "water-office", 1, "PATCH", parent="ministry-towns")) == (403, "field-not-allowed")
    assert refused(await call(desks, ADMIN, "water-office/rename", 1, name=NAME)) == (403, "role-not-allowed")
    assert refused(await call(desks, NATIONAL, "nobody", 1, "PATCH", **change)) == (404, "body-unknown")
    assert refused(await call(desks, NATIONAL, "water-office", 2, "PATCH", **change)) == (412, "version-stale")
    assert refused(await call(desks, NATIONAL, "water-office", None, "PATCH", **change)) == (428, "if-match-missing")
    assert refused(await desks.get("/v1/directory/bodies/nobody")) == (404, "body-unknown")
    assert refused(await call(desks, ADMIN, "water-office", 1, "PATCH", online=False)) == (403, "field-not-allowed")
    moved = await done(desks, NATIONAL, "water-office", 1, "PATCH", parent="ministry-towns", online=False)
    assert (moved["parent"], moved["online"]) == ("ministry-towns", False)


@pytest.mark.parametrize(
    ("path", "asked", "code", "field"),
    [
        ("water-office", {"mailbox": "nobody"}, "invalid-field", "mailbox"),
        ("water-office", {"opening_hours": "always"}, "invalid-field", "opening_hours"),
        ("water-office", {"inboxes": [{"level": 0, "mailbox": "head@noria.example"}]}, "invalid-field", "inboxes.0.level"),
        ("water-office", {"family": "ministry"}, "invalid-field", "family"),
        ("water-office", {"parent": "nobody"}, "unknown-body", "parent"),
        ("ministry-waters", {"parent": "water-office"}, "own-ancestor", "parent"),
        ("water-office", {"territory": "999999999"}, "unknown-territory", "territory"),
        ("commune-prima", {"territory": None}, "territory-missing", "territory"),
        ("water-office", {"mailbox": None, "on": "2026-03-03"}, "date-in-future", "on"),
        ("water-office/rename", {"name": {"fr": "Agence"}}, "name-missing", "name.ar"),
        ("water-office/rename", {"name": {}}, "invalid-field", "name"),
        ("water-office/close", {"successor": "nobody"}, "unknown-body", "successor"),
        ("water-office/merge", {"into": "water-office"}, "same-body", "successor"),
        ("water-office/merge", {"into": "old-water-board"}, "closed-body", "successor"),
        ("ministry-towns/merge", {"into": "prefect-alta"}, "below-itself", "successor"),
        ("water-office/split", {"parts": [{"body": "commune-prima"}], "rest": "ministry-waters"}, "empty-part", "parts"),
        ("water-office/split", {"parts": [], "rest": "ministry-waters"}, "invalid-field", "parts"),
    ],
)
async def test_what_is_not_so_is_refused(desks: Desks, path: str, asked: dict[str, Any], code: str, field: str) -> None:
    response = await call(desks, NATIONAL, path, 1, "POST" if "/" in path else "PATCH", **asked)
    assert (refused(response), response.json()["field"]) == ((422, code), field)
    assert await desks.bench.outbox() == []


async def test_parts_name_what_is_there(desks: Desks) -> None:
    for part, code in (({"public_services": ["nothing"]}, "unknown-public-service"), ({"territories": ["999999999"]}, "unknown-territory")):
        asked: dict[str, Any] = {"parts": [{"body": "commune-prima"} | part], "rest": "ministry-waters"}
        assert refused(await call(desks, NATIONAL, "water-office/split", 1, **asked)) == (422, code)


async def test_a_body_under_a_new_name_keeps_the_old_ones_with_their_days(desks: Desks) -> None:
    renamed = await done(desks, NATIONAL, "water-office/rename", 1, name=NAME, on="2026-02-01")
    assert (renamed["id"], renamed["name"]) == ("water-office", NAME)
    early = await call(desks, NATIONAL, "water-office/rename", 2, name={"ar": "ب", "fr": "B"}, on="2026-01-31")
    assert refused(early) == (422, "date-before-history")
    assert (await done(desks, NATIONAL, "water-office/rename", 2, name=NAME))["version"] == 2
    found = await history(desks)
    assert [(name["until"], name["name"]["fr"]) for name in found["names"]] == [("2026-01-31", "Office de l'eau")]
    assert (found["name"], found["changes"][0]["act"]) == (NAME, "rename")


async def test_a_merged_body_s_open_cases_go_to_the_other_with_their_clocks(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.routing.packs.CHUNK", 30)
    headers = [desk.header() for _ in range(100)]
    await desks.bench.deliver(*(fact("intake", header, 1, desk.filing()) for header in headers))
    closed, asked, *_ = headers
    await desks.done(OFFICE, closed, "response", 1, outcome="favourable", reasons="Done.")
    await desks.done(OFFICE, asked, "information-requests", 1, text="Which month?")
    await desks.bench.take_outbox()
    await done(desks, NATIONAL, "water-office/merge", 1, into="ministry-waters")
    told = await desks.bench.take_outbox()
    (merged,) = [body for _, body in told if isinstance(body, BodyRecord)]
    assert (merged.id, merged.successor, str(merged.closed_on)) == ("water-office", "ministry-waters", "2026-03-02")
    moved: list[tuple[str, Case]] = [(name, body.case) for name, body in told if hasattr(body, "case")]
    assert {(name, case.body) for name, case in moved} == {("complaint-routed", "ministry-waters")}
    assert {(case.custody[0].body, case.custody[0].reason, case.custody[0].until) for _, case in moved} == {
        ("water-office", "succession", case.custody[1].since) for _, case in moved
    }
    assert len(moved) == 99
    assert [case.status for _, case in moved].count("waiting_for_citizen") == 1
    assert (await desks.case(closed))["case"]["body"] == "water-office"
    assert refused(await call(desks, NATIONAL, "water-office/close", 2)) == (409, "body-closed")
    await settle_all(desks.bench.node)
    assert await desks.bench.outbox() == []
    assert CHUNK == 500


async def test_a_closed_body_s_cases_go_to_the_national_desk_and_bodies_below_it_to_its_parent(desks: Desks) -> None:
    header = await desks.file(public_service="dams")
    await done(desks, NATIONAL, "ministry-waters/close", 1, on="2026-03-01")
    told = {body.id: body for body in await records(desks)}
    assert (told["ministry-waters"].successor, told["water-office"].parent) == (None, None)
    case = (await desks.case(header))["case"]
    assert (case["status"], case["body"], case["custody"][0]["reason"]) == ("triage", None, "succession")


async def test_a_split_body_s_cases_go_where_its_parts_say(desks: Desks) -> None:
    bill, seconda, dams = await desks.file(), await desks.file(territory="010010102"), await desks.file(public_service="water-supply")
    far = await desks.file(territory="020010101")
    parts = [
        {"body": "commune-quarta", "territories": ["020000000"]},
        {"body": "commune-seconda", "public_services": ["water-bill"], "territories": ["010010102"]},
    ]
    await done(desks, NATIONAL, "water-office/split", 1, parts=parts, rest="ministry-waters")
    assert [(await desks.case(header))["case"]["body"] for header in (bill, seconda, dams, far)] == [
        *("ministry-waters", "commune-seconda", "ministry-waters", "commune-quarta"),
    ]
    await desks.bench.take_outbox()
    later = await desks.file()
    assert (await desks.case(later))["case"]["body"] == "ministry-waters"


async def test_a_part_that_takes_a_public_service_everywhere_has_it_from_then_on(desks: Desks) -> None:
    parts = [{"body": "commune-prima", "public_services": ["water-bill"]}]
    await done(desks, NATIONAL, "water-office/split", 1, parts=parts, rest="ministry-waters")
    told = {body.key: body for _, body in await desks.bench.take_outbox()}
    assert told["public-service/water-bill"].body == "commune-prima"
    assert "public-service/water-supply" not in told
    bill, supply = await desks.file(), await desks.file(public_service="water-supply")
    assert [(await desks.case(header))["case"]["body"] for header in (bill, supply)] == ["commune-prima", "ministry-waters"]


async def test_what_a_killed_process_left_is_moved_by_the_next(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    async def killed(node: object) -> None:
        """Ends where the process would: the record is committed, nothing has moved."""

    monkeypatch.setattr("services.routing.directory.bodies_api.settle_all", killed)
    headers = [await desks.file() for _ in range(3)]
    await done(desks, NATIONAL, "water-office/merge", 1, into="ministry-waters")
    assert {(await desks.case(header))["case"]["body"] for header in headers} == {"water-office"}
    await asyncio.gather(settle_all(desks.bench.node), settle_all(desks.bench.node))
    assert {(await desks.case(header))["version"] for header in headers} == {2}
    assert {(await desks.case(header))["case"]["body"] for header in headers} == {"ministry-waters"}


def with_office(version: int, pack_version: int, **office: object) -> Pack:
    pack = desk.noria_pack()
    records = [
        record.model_copy(update={"version": version} | office)
        if isinstance(record, BodyRecord) and record.id == "water-office"
        else record
        for record in pack.records[:-1]
    ]
    return Pack((*records, pack.record.model_copy(update={"version": pack_version, "sha256": "other"})), pack.rules)


async def test_a_pack_never_takes_an_edit_back_unseen(desks: Desks) -> None:
    await done(desks, ADMIN, "water-office", 1, "PATCH", mailbox="new@noria.example")
    await desks.bench.take_outbox()
    node = desks.bench.node
    assert await node.run(lambda tx: adopt(tx, desk.noria_pack())) is False
    assert await node.run(lambda tx: adopt(tx, with_office(1, 2))) is True
    assert [body.key for _, body in await desks.bench.take_outbox()] == ["pack/noria"]
    with pytest.raises(PackConflict, match="body/water-office is stored with version 2 and other contents: give the change version 3"):
        await node.run(lambda tx: adopt(tx, with_office(2, 3, mailbox="pack@noria.example")))
    assert await node.run(lambda tx: adopt(tx, with_office(3, 3, mailbox="pack@noria.example"))) is True
    (office,) = await records(desks)
    assert (office.version, office.base_version, office.mailbox) == (3, None, "pack@noria.example")
    assert [(c["act"], c["role"]) for c in (await history(desks))["changes"]] == [("edit", "body-admin"), ("pack", "pack")]


async def test_mailboxes_are_written_to_when_asked(desks: Desks) -> None:
    desks.bench.at("2026-03-02T11:00:00Z")
    invited = await done(desks, NATIONAL, "water-office/invitation", 1)
    assert invited["invited_at"] == "2026-03-02T11:00:00.000Z"
    tested = await done(desks, ADMIN, "water-office/contact-test", 2)
    assert tested["contact_tested_at"] == "2026-03-02T11:00:00.000Z"
    assert refused(await call(desks, NATIONAL, "prefect-north/invitation", 1)) == (409, "mailbox-missing")
    assert refused(await call(desks, NATIONAL, "old-water-board/invitation", 1)) == (409, "body-closed")
    assert refused(await call(desks, STRANGER, "water-office/contact-test", 3)) == (403, "not-your-body")


async def test_a_body_is_on_line_once_somebody_of_it_has_come(desks: Desks) -> None:
    assert (await desks.client.get("/v1/directory/coverage")).json()["online"] == 0
    await desks.get("/v1/cases", OFFICE)
    await desks.get("/v1/cases", ("body-agent", "no-such-body"))
    await desks.get("/v1/cases", ("machine", "old-water-board"))
    desks.bench.at("2026-03-09T10:00:00Z")
    await desks.get("/v1/cases", OFFICE)
    found = (await desks.client.get("/v1/directory/coverage")).json()
    assert (found["bodies"], found["online"], found["phases"]) == (8, 1, [])
    assert [(f["family"], f["bodies"], f["online"], f["target"]) for f in found["families"]] == [
        ("ministry", 2, 0, None),
        ("establishment", 1, 1, None),
        ("territorial", 3, 0, None),
        ("deconcentrated", 2, 0, None),
    ]
    lines = (await desks.get("/v1/directory/onboarding", family="establishment")).json()["bodies"]
    assert [(line["id"], line["first_login"], line["last_login"]) for line in lines] == [("water-office", "2026-03-02", "2026-03-09")]
    never = (await desks.get("/v1/directory/onboarding", never=True, limit=5)).json()
    rest = (await desks.get("/v1/directory/onboarding", never=True, after=never["next"])).json()
    ids = [line["id"] for line in never["bodies"] + rest["bodies"]]
    assert ids == sorted(ids)
    assert (len(ids), "water-office" in ids, rest["next"]) == (7, False, None)
