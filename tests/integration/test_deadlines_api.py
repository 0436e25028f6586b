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
        "why_in": answer["why_in"],
        "steps": answer["steps"],
    }
    assert answer["why_in"]["fr"] == answer["why"]
    assert {language: lines[-1] for language, lines in answer["why_in"].items()} == {
        "ar": "اليوم الأخير هو 1 مايو 2026.",
        "fr": "Le dernier jour est le 1er mai 2026.",
        "en": "The last day is 1 May 2026.",
    }
    assert [(step["code"], step["from"], step["until"], step["n"]) for step in answer["steps"]] == [
        ("start", "2026-03-02", None, None),
        ("first_day_out", "2026-03-02", None, None),
        ("span", None, None, 60),
        ("last_day", None, "2026-05-01", None),
    ]


async def test_the_total_runs_on_while_each_body_has_its_own_clock(deadlines):
    """Filed on 2 March at 10:00, routed at 11:00; with the office to 10 March, then with the commune; it is 20 March."""
    made = await deadlines.file()
    custody = [
        {"body": "water-office", "since": "2026-03-02T11:00:00Z", "until": "2026-03-10T09:00:00Z", "reason": "competence"},
        {"body": "commune-prima", "since": "2026-03-10T09:00:00Z"},
    ]
    await deadlines.routed(made, 1, case("commune-prima", custody=custody))
    deadlines.bench.at("2026-03-20T10:00:00Z")
    async with deadlines.bench.client() as client:
        answer = await client.get(f"/v1/complaints/{made.reference}/elapsed", headers=deadlines.bench.token("auditor"))
        hidden = await client.get(f"/v1/complaints/{made.reference}/elapsed", headers=deadlines.bench.token("body-agent", "water-office"))
    found = answer.json()
    assert (found["days"], found["until"]) == (18, None)
    assert [(turn["body"], turn["days"]) for turn in found["turns"]] == [(None, 0), ("water-office", 8), ("commune-prima", 10)]
    assert hidden.status_code == 404


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


@pytest.mark.parametrize("reference", ["7KQ4-XM2N-3", "not-a-reference"])
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


async def preview(deadlines, *who, code="noria", **change):
    calendar = (await deadlines.bench.node.directory()).calendars["noria"].model_dump(mode="json")
    async with deadlines.bench.client() as client:
        body = {name: calendar[name] for name in ("title", "weekly_off", "days_off", "known_until")} | change
        return await client.post(f"/v1/calendars/{code}/preview", json=body, headers=deadlines.bench.token(*who) if who else {})


async def test_a_preview_says_how_many_dates_would_move_and_which_way(deadlines):
    """20 working days from 2 March: 1 April. With 1 April off: 2 April. The complaint's own clocks count calendar days."""
    request = await deadlines.file(header("access-to-information@1"), urgent="no")
    await deadlines.file()
    calendar = (await deadlines.bench.node.directory()).calendars["noria"].model_dump(mode="json")
    off = {"date": "2026-04-01", "label": {"fr": "Jour chômé"}, "kind": "exceptional"}
    response = await preview(deadlines, "national-desk", days_off=[*calendar["days_off"], off])
    found = response.json()
    (example,) = found.pop("examples")
    assert found == {
        "calendar": "noria",
        "of_version": 1,
        "complaints": 2,
        "clocks": 3,
        "moved": 1,
        "later": 1,
        "earlier": 0,
        "taken_back": 0,
    }
    assert (example["reference"], example["clock"], example["before"], example["after"]) == (
        request.reference,
        "answer",
        "2026-04-01",
        "2026-04-02",
    )
    assert (await deadlines.clocks(request))["answer"].last_day.isoformat() == "2026-04-01"


async def test_a_preview_counts_the_breaches_that_would_not_stand(deadlines):
    await deadlines.file(header("access-to-information@1"), urgent="no")
    await deadlines.pass_time("2026-04-02T07:00:00Z")
    calendar = (await deadlines.bench.node.directory()).calendars["noria"].model_dump(mode="json")
    off = {"date": "2026-04-01", "label": {"fr": "Jour chômé"}, "kind": "exceptional"}
    assert (await preview(deadlines, "national-desk", days_off=[*calendar["days_off"], off])).json()["taken_back"] == 1


async def test_a_preview_refuses_a_calendar_that_cannot_be(deadlines):
    twice = [{"date": "2026-04-01", "label": {"fr": "Jour chômé"}, "kind": "civil"}] * 2
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    for change, field in (({"days_off": twice}, "days_off.1.date"), ({"weekly_off": week}, "weekly_off")):
        refused = await preview(deadlines, "national-desk", **change)
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (422, "invalid-calendar", field)
    assert (await preview(deadlines, "national-desk", code="atlantis")).json()["code"] == "calendar-unknown"
    assert [(await preview(deadlines, *who)).status_code for who in ((), ("auditor",), ("body-admin", "water-office"))] == [401, 403, 403]
