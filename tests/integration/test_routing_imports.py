"""Tables enter the directory whole or not at all, as their preview said, and come back byte for byte."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from services.routing.directory.files import apply_import, import_directory
from services.routing.directory.tables import columns
from services.routing.packs import adopt
from tests.support import generated
from tests.support.desks import NATIONAL, Desks, refused
from tests.support.stores import Bench, Opener

HEAD = ",".join(columns("territories", ("ar", "fr", "en")))
WEST = "030000000,region,,الغرب,Ouest,,2026-01-01"


async def sent(desks: Desks, *rows: str, kind: str = "territories", head: str = HEAD) -> httpx.Response:
    headers = desks.bench.token(*NATIONAL) | {"Content-Type": "text/csv"}
    return await desks.client.post(
        "/v1/directory/imports", params={"kind": kind}, headers=headers, content="\n".join([head, *rows, ""]).encode()
    )


async def previewed(desks: Desks, *rows: str) -> dict[str, Any]:
    response = await sent(desks, *rows)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    assert response.headers["ETag"] == f'"{found["version"]}"'
    return found


async def applied(desks: Desks, found: dict[str, Any], version: int | None = None) -> httpx.Response:
    match = {"If-Match": f'"{found["version"] if version is None else version}"'}
    return await desks.client.post(f"/v1/directory/imports/{found['id']}/apply", headers=desks.bench.token(*NATIONAL) | match)


async def exported(desks: Desks, kind: str) -> str:
    response = await desks.get(f"/v1/directory/exports/{kind}.csv")
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return response.content.decode()


@contextmanager
def counted(bench: Bench) -> Iterator[list[str]]:
    """Every SQL statement that the service sends meanwhile, but for begin and commit."""
    statements: list[str] = []

    def note(conn: object, cursor: object, statement: str, *more: object) -> None:
        statements.append(statement)

    event.listen(bench.node.db.engine.sync_engine, "before_cursor_execute", note)
    yield statements
    event.remove(bench.node.db.engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.timeout(300)  # on a machine that is busy with other tests too
async def test_1750_bodies_and_1590_territories_enter_in_few_statements_and_come_back_as_they_were(
    open_store: Opener, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench: Bench = await open_store("routing")
    await bench.execute("delete from directory_record")
    await bench.node.run(lambda tx: adopt(tx, generated.morocco()))
    generated.main(tmp_path)
    assert "1590 territories and 1750 bodies" in capsys.readouterr().out
    began = time.monotonic()
    with counted(bench) as statements:
        assert await import_directory(bench.node, str(tmp_path)) == 0
        number = capsys.readouterr().out.rpartition("apply-import ")[2].strip()
        assert await apply_import(bench.node, number) == 0
    taken = time.monotonic() - began
    assert len(statements) <= 20, statements
    with capsys.disabled():
        print(f"\n1,590 territories and 1,750 bodies: {len(statements)} statements, {taken:.1f} s")
    async with bench.client() as client:
        for kind in ("territories", "bodies"):
            text = await exported(Desks(bench, client), kind)
            assert text == (tmp_path / f"{kind}.csv").read_bytes().decode()
            head, *rows = text.splitlines()
            assert (await sent(Desks(bench, client), *rows, kind=kind, head=head)).json()["counts"] == {"unchanged": len(rows)}
    told = [body.key for _, body in await bench.outbox() if body.key.startswith(("body/collectivity", "territory/"))]
    assert len(told) == len(set(told)) > 2500


async def test_a_preview_changes_nothing_and_its_application_is_what_it_said(desks: Desks) -> None:
    await desks.bench.take_outbox()
    found = await previewed(desks, WEST, "010010101,commune,010010000,بريما,Prima Nuova,,2020-01-01")
    assert [(row["line"], row["change"], row["key"], row["fields"]) for row in found["rows"]] == [
        (2, "created", "territory/030000000", []),
        (3, "changed", "territory/010010101", ["name"]),
    ]
    assert found["counts"] == {"changed": 1, "created": 1}
    assert await desks.bench.outbox() == []
    assert (await desks.get(f"/v1/directory/imports/{found['id']}")).json() == found
    response = await applied(desks, found)
    assert response.status_code == 200
    assert response.json()["applied_at"] == "2026-03-02T10:00:00.000Z"
    assert [(body.key, body.version, body.base_version) for _, body in await desks.bench.take_outbox()] == [
        ("territory/030000000", 1, 0),
        ("territory/010010101", 2, 1),
    ]
    rows = await desks.bench.execute("select key, act, role, sub <> '' as known from directory_change order by id")
    assert [tuple(row) for row in rows] == [
        ("territory/030000000", "import", "national-desk", True),
        ("territory/010010101", "import", "national-desk", True),
    ]


async def test_an_import_is_applied_once(desks: Desks) -> None:
    found = await previewed(desks, WEST)
    assert refused(await applied(desks, found, found["version"] + 1)) == (412, "version-stale")
    assert (await applied(desks, found)).status_code == 200
    assert refused(await applied(desks, found)) == (409, "import-applied")
    assert refused(await applied(desks, found | {"id": 999})) == (404, "import-unknown")
    assert refused(await desks.get("/v1/directory/imports/999")) == (404, "import-unknown")


async def test_one_refused_row_refuses_the_whole(desks: Desks) -> None:
    await desks.bench.take_outbox()
    found = await previewed(desks, WEST, "030010000,province,040000000,جديد,Nova,,")
    assert [(row["change"], row["code"], row["column"]) for row in found["rows"]] == [
        ("created", None, None),
        ("refused", "unknown-territory", "parent"),
    ]
    assert refused(await applied(desks, found)) == (409, "import-refused")
    assert await desks.bench.outbox() == []


async def test_what_was_previewed_on_another_directory_is_not_applied(desks: Desks) -> None:
    first, second = await previewed(desks, WEST), await previewed(desks, "040000000,region,,الشرق,Est,,")
    assert (await applied(desks, first)).status_code == 200
    assert refused(await applied(desks, second)) == (409, "directory-moved")
    assert "040000000" not in await exported(desks, "territories")


async def test_a_table_may_come_as_json(desks: Desks) -> None:
    row = {"code": "030000000", "level": "region", "name_ar": "الغرب", "name_fr": "Ouest"}
    for sent_rows, code in (([row], None), ([row | {"population": "1"}], "columns")):
        response = await desks.client.post(
            "/v1/directory/imports", json={"kind": "territories", "rows": sent_rows}, headers=desks.bench.token(*NATIONAL)
        )
        assert response.status_code == 201, response.text
        assert response.json()["rows"][0]["code"] == code


@pytest.mark.parametrize(
    ("media", "query", "content", "status", "code"),
    [
        ("text/csv", "", HEAD, 422, "invalid-field"),
        ("text/csv", "?kind=people", HEAD, 422, "invalid-field"),
        ("text/csv", "?kind=territories", "code,name\n", 422, "unknown-columns"),
        ("text/csv", "?kind=territories", "\udcff".encode("utf-8", "surrogateescape"), 422, "not-utf8"),
        ("application/json", "", '{"kind": "bodies"}', 422, "invalid-field"),
        ("application/pdf", "?kind=territories", HEAD, 415, "unknown-media-type"),
        ("text/csv", "?kind=territories", "x" * 2_200_000, 413, "body-too-large"),
    ],
)
async def test_what_is_no_table(desks: Desks, media: str, query: str, content: str | bytes, status: int, code: str) -> None:
    headers = desks.bench.token(*NATIONAL) | {"Content-Type": media}
    assert refused(await desks.client.post(f"/v1/directory/imports{query}", headers=headers, content=content)) == (status, code)


async def test_without_a_pack_there_is_nothing_to_import_into(open_store: Opener) -> None:
    bench: Bench = await open_store("routing")
    await bench.execute("delete from directory_record")
    async with bench.client() as client:
        desks = Desks(bench, client)
        assert refused(await sent(desks, WEST)) == (409, "no-pack")
        assert refused(await desks.get("/v1/directory/exports/bodies.csv")) == (409, "no-pack")


async def test_the_operator_previews_a_folder_and_applies_it(desks: Desks, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = desks.bench.node
    (tmp_path / "territories.csv").write_text(f"{HEAD}\n{WEST}\n030010000,province,030000000,جديد,Nova,,\n", encoding="utf-8")
    head = ",".join(columns("bodies", ("ar", "fr", "en")))
    body = "prefect-west,deconcentrated,والي,Préfet,,ministry-towns,030000000,,,,,invented,A,,"
    (tmp_path / "bodies.csv").write_text(f"{head}\n{body}\n", encoding="utf-8")
    assert await import_directory(node, str(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "territories.csv:2: created: territory/030000000\n" in out
    assert "3 created, 0 changed, 0 unchanged, 0 refused; nothing has changed yet" in out
    number = out.rpartition("apply-import ")[2].strip()
    assert await apply_import(node, number) == 0
    assert body.partition(",")[0] in await exported(desks, "bodies")
    assert await apply_import(node, number) == 8
    assert "import-applied" in capsys.readouterr().err
    (tmp_path / "bodies.csv").write_text(f"{head}\n{body.replace('030000000', '990000000')}\n", encoding="utf-8")
    assert await import_directory(node, str(tmp_path / "bodies.csv")) == 8
    assert "bodies.csv:2: refused: territory: unknown-territory" in capsys.readouterr().out
    assert await import_directory(node, str(tmp_path / "nothing")) == 8
