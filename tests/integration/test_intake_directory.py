"""GET /v1/directory: everything that a filing form needs, read again only when it has changed."""

import pytest

from tests.support.lives import noria


@pytest.fixture
async def bench(open_store):
    return await open_store("intake")


async def test_what_a_form_needs_is_there(bench):
    async with bench.client() as client:
        answer = await client.get("/v1/directory")
    listed = answer.json()
    assert {"id": "water-office", "family": "establishment", "parent": "ministry-waters"}.items() <= next(
        body for body in listed["bodies"] if body["id"] == "water-office"
    ).items()
    assert next(s for s in listed["public_services"] if s["code"] == "water-bill")["title"] == {"ar": "فاتورة الماء", "fr": "Facture d'eau"}
    assert next(t for t in listed["territories"] if t["code"] == "010010101") == {
        "code": "010010101",
        "level": "commune",
        "parent": "010010000",
        "name": {"ar": "بريما", "fr": "Prima"},
        "division": None,
    }
    law = next(p for p in listed["procedures"] if (p["code"], p["version"]) == ("complaint", 1))
    assert [(field["code"], field["private"]) for field in law["form"]] == [("nature", False), ("file-reference", True)]
    assert listed["country"]["name"]["en"] == "Noria"
    assert "mailbox" not in answer.text  # where a body's desk reads its mail is not for everyone


async def test_an_unchanged_directory_is_not_sent_again(bench, monkeypatch):
    monkeypatch.setattr("shared.messaging.directory.FRESH_SECONDS", 0.0)
    async with bench.client() as client:
        etag = (await client.get("/v1/directory")).headers["etag"]
        for tags in (etag, f'"other", W/{etag}', "*"):
            again = await client.get("/v1/directory", headers={"If-None-Match": tags})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        await bench.deliver(noria().bodies["water-office"].model_copy(update={"version": 2, "name": {"ar": "م", "fr": "Eaux"}}))
        changed = await client.get("/v1/directory", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert next(b for b in changed.json()["bodies"] if b["id"] == "water-office")["name"]["fr"] == "Eaux"
