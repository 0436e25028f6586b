"""Public services and territories are changed by the national desk, each change dated and known."""

from typing import Any

import httpx
import pytest

from shared.contracts.directory import PublicServiceRecord
from tests.support.desks import NATIONAL, OFFICE, Desks, Who, refused

ADMIN: Who = ("body-admin", "water-office")
TITLE = {"ar": "فاتورة", "fr": "Facturation de l'eau"}


@pytest.fixture
async def desks(desks: Desks) -> Desks:
    """What the pack told is not looked at."""
    await desks.bench.take_outbox()
    return desks


async def call(desks: Desks, who: Who, path: str, version: int | None, method: str = "PATCH", **asked: Any) -> httpx.Response:
    return await desks.send(who, f"/v1/directory/{path}", version, method, asked)


async def changes(desks: Desks, path: str) -> list[tuple[Any, ...]]:
    response = await desks.get(f"/v1/directory/{path}/history", OFFICE)
    assert response.status_code == 200, response.text
    return [(c["version"], c["act"], c["role"], c["valid_from"], c["fields"]) for c in response.json()["changes"]]


async def test_a_public_service_is_given_another_title_body_and_subject(desks: Desks) -> None:
    edit: dict[str, Any] = {"title": TITLE, "body": "ministry-waters", "parent": None, "on": "2026-03-01"}
    response = await call(desks, NATIONAL, "public-services/water-bill", 1, **edit)
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    [(_, told)] = await desks.bench.take_outbox()
    assert (told.key, told.version, told.base_version, told.body, told.parent) == (
        *("public-service/water-bill", 2, 1, "ministry-waters", None),
    )
    fields = {
        "title": [{"ar": "فاتورة الماء", "fr": "Facture d'eau"}, TITLE],
        "body": ["water-office", "ministry-waters"],
        "parent": ["water-supply", None],
    }
    assert await changes(desks, "public-services/water-bill") == [(2, "edit", "national-desk", "2026-03-01", fields)]
    header = await desks.file()
    assert (await desks.case(header))["case"]["body"] == "ministry-waters"
    read = await desks.get("/v1/directory/public-services/water-bill", OFFICE)
    assert (read.json()["title"], read.headers["ETag"]) == (TITLE, '"2"')
    assert (await call(desks, NATIONAL, "public-services/water-bill", 2, title=TITLE)).json()["version"] == 2
    page = (await desks.get("/v1/directory/public-services/water-bill/history", OFFICE, limit=1)).json()
    assert (len(page["changes"]), page["next"]) == (1, None)


async def test_a_public_service_is_closed_with_the_subjects_below_it(desks: Desks) -> None:
    response = await call(desks, NATIONAL, "public-services/water-supply/close", 1, "POST", on="2026-03-01")
    assert (response.status_code, response.json()["closed_on"]) == (200, "2026-03-01")
    told = [record for _, record in await desks.bench.take_outbox() if isinstance(record, PublicServiceRecord)]
    assert {(record.code, str(record.closed_on)) for record in told} == {("water-supply", "2026-03-01"), ("water-bill", "2026-03-01")}
    again = await call(desks, NATIONAL, "public-services/water-bill/close", 2, "POST")
    assert refused(again) == (409, "public-service-closed")


async def test_a_territory_is_given_another_name(desks: Desks) -> None:
    name = {"ar": "بريما الجديدة", "fr": "Prima la Neuve"}
    found = (await call(desks, NATIONAL, "territories/010010101", 1, name=name)).json()
    assert (found["version"], found["name"], found["parent"]) == (2, name, "010010000")
    [(_, told)] = await desks.bench.take_outbox()
    assert (told.key, told.name) == ("territory/010010101", name)
    fields = {"name": [{"ar": "بريما", "fr": "Prima"}, name]}
    assert await changes(desks, "territories/010010101") == [(2, "edit", "national-desk", "2026-03-02", fields)]
    assert (await desks.get("/v1/directory/territories/010010101", OFFICE)).headers["ETag"] == '"2"'


@pytest.mark.parametrize(
    ("path", "asked", "code", "field"),
    [
        ("public-services/water-bill", {"title": {"fr": "Facture"}}, "name-missing", "title.ar"),
        ("public-services/water-bill", {"title": None}, "invalid-field", "title"),
        ("public-services/water-bill", {"body": "nobody"}, "unknown-body", "body"),
        ("public-services/water-bill", {"parent": "nothing"}, "unknown-public-service", "parent"),
        ("public-services/water-supply", {"parent": "dams"}, "subject-levels", "parent"),
        ("public-services/water-bill", {"code": "other"}, "invalid-field", "code"),
        ("public-services/water-bill", {"title": TITLE, "on": "2026-03-03"}, "date-in-future", "on"),
        ("territories/010010101", {"name": {"ar": "بريما"}}, "name-missing", "name.fr"),
        ("territories/010010101", {"name": TITLE, "parent": None}, "invalid-field", "parent"),
    ],
)
async def test_what_is_not_so_is_refused(desks: Desks, path: str, asked: dict[str, Any], code: str, field: str) -> None:
    response = await call(desks, NATIONAL, path, 1, **asked)
    assert (refused(response), response.json()["field"]) == ((422, code), field)
    assert await desks.bench.outbox() == []


@pytest.mark.parametrize(
    ("kind", "known", "code"), [("public-services", "dams", "public-service-unknown"), ("territories", "010000000", "territory-unknown")]
)
async def test_who_may_not_and_what_is_not_there(desks: Desks, kind: str, known: str, code: str) -> None:
    asked: dict[str, Any] = {"name": TITLE} if kind == "territories" else {"title": TITLE}
    assert refused(await call(desks, ADMIN, f"{kind}/{known}", 1, **asked)) == (403, "role-not-allowed")
    assert refused(await call(desks, NATIONAL, f"{kind}/{known}", 2, **asked)) == (412, "version-stale")
    assert refused(await call(desks, NATIONAL, f"{kind}/{known}", None, **asked)) == (428, "if-match-missing")
    assert refused(await call(desks, NATIONAL, f"{kind}/999999999", 1, **asked)) == (404, code)
    for path in (f"{kind}/999999999", f"{kind}/999999999/history"):
        assert refused(await desks.get(f"/v1/directory/{path}")) == (404, code)
