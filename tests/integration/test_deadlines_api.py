"""Who may read the clocks of a complaint, and what they read."""

import pytest

from tests.support.timed import Deadlines, case, header


@pytest.fixture
async def deadlines(open_store):
    return Deadlines(await open_store("deadlines"))


@pytest.fixture
async def filed(deadlines):
    made = await deadlines.file()
    await deadlines.routed(made, 1, case("water-office", qualified_at="2026-03-03T10:00:00Z"))
    return made


async def get(deadlines, reference, *who, **asked):
    async with deadlines.bench.client() as client:
        headers = deadlines.bench.token(*who) if who else {}
        return await client.get(f"/v1/complaints/{reference}/deadlines", headers=headers | asked.pop("headers", {}), params=asked)


async def test_a_clock_with_its_reasons_in_words_and_codes(deadlines, filed):
    response = await get(deadlines, filed.reference.lower().replace("-", ""), "national-desk", lang="fr")
    qualify, answer = response.json()
    assert (qualify["clock"], qualify["status"]) == ("qualify", "met")
    assert answer == {
        "clock": "answer",
        "label": "Réponse",
        "holder": "body",
        "body": "water-office",
        "starts_at": "2026-03-02T10:00:00.000Z",
        "due_at": "2026-05-01T23:00:00.000Z",
        "last_day": "2026-05-01",
        "status": "running",
        "breached_at": None,
        "corrected_at": None,
        "why": [
            "Le délai part du 2 mars 2026.",
            "Ce jour-là, le 2 mars 2026, n'est pas compté.",
            "Durée accordée : 60 jours.",
            "Le dernier jour est le 1er mai 2026.",
        ],
        "steps": answer["steps"],
    }
    assert [(step["code"], step["from"], step["until"], step["n"]) for step in answer["steps"]] == [
        ("start", "2026-03-02", None, None),
        ("first_day_out", "2026-03-02", None, None),
        ("span", None, None, 60),
        ("last_day", None, "2026-05-01", None),
    ]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"lang": "en"}, "The last day is"),
        ({"headers": {"Accept-Language": "de, fr;q=0.8"}}, "Le dernier jour"),
        ({"lang": "xx"}, "اليوم الأخير"),
        ({}, "اليوم الأخير"),
    ],
)
async def test_in_the_readers_language(deadlines, filed, asked, word):
    response = await get(deadlines, filed.reference, "auditor", **asked)
    assert word in response.json()[1]["why"][-1]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ((), 401),
        (("operator",), 403),
        (("national-desk",), 200),
        (("auditor",), 200),
        (("body-agent", "water-office"), 200),
        (("approver", "water-office"), 200),
        (("machine", "water-office"), 200),
        (("body-admin", "ministry-waters"), 200),
        (("body-agent", "ministry-waters"), 404),
        (("body-agent", "commune-prima"), 404),
        (("body-admin", "ministry-towns"), 404),
    ],
)
async def test_who_may_read(deadlines, filed, who, status):
    response = await get(deadlines, filed.reference, *who)
    assert response.status_code == status
    if status == 404:
        assert response.json()["code"] == "complaint-unknown"


@pytest.mark.parametrize("reference", ["7KQ4-XM2D-5", "not-a-reference"])
async def test_what_is_not_there_looks_like_what_one_may_not_see(deadlines, filed, reference):
    hidden = await get(deadlines, filed.reference, "body-agent", "commune-prima")
    absent = await get(deadlines, reference, "body-agent", "commune-prima")
    assert (absent.status_code, absent.json()) == (404, hidden.json())


async def test_time_shows_in_the_status(deadlines, filed):
    await deadlines.pass_time("2026-05-02T00:00:00Z")
    answer = (await get(deadlines, filed.reference, "national-desk")).json()[1]
    assert (answer["status"], answer["breached_at"]) == ("breached", "2026-05-02T00:00:00.000Z")


async def test_a_law_that_is_not_known_yet_is_pending(deadlines):
    early = await deadlines.file(header("complaint@9"))
    (only,) = (await get(deadlines, early.reference, "national-desk")).json()
    assert (only["status"], only["clock"], only["due_at"]) == ("pending", None, None)


async def test_a_kind_without_clocks_has_none(deadlines):
    kind = await deadlines.file(header("observation@1"))
    assert (await get(deadlines, kind.reference, "national-desk")).json() == []
