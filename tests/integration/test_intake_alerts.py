"""Words that have a better door than a complaint: told before filing, and kept for the restricted desk when filed all the same."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.intake.shapes import CheckIn, FilingIn
from shared.contracts.directory import AlertRecord
from shared.contracts.procedures import Visibility
from shared.contracts.states import Case
from tests.support.citizen import Citizen, Others, filing
from tests.support.stores import fact

ALERTS = [
    AlertRecord.model_validate({"valid_from": "2026-01-01", "desk": desk, **alert})
    for desk, alert in (
        (
            "restricted",
            {
                "code": "corruption",
                "label": {"ar": "الرشوة", "fr": "Corruption"},
                "words": {"ar": ["رشوة"], "fr": ["pot de vin", "corrupt*"], "ary": ["rchwa", "l7ogra"]},
                "doors": [{"label": {"ar": "النزاهة", "fr": "Intégrité"}, "url": "https://integrity.example"}],
            },
        ),
        (
            None,
            {
                "code": "personal-data",
                "label": {"ar": "المعطيات", "fr": "Données personnelles"},
                "words": {"fr": ["données personnelles"]},
                "doors": [{"label": {"ar": "اللجنة", "fr": "Commission"}, "url": "https://data.example"}],
            },
        ),
    )
]


WORDS: list[tuple[dict[str, Any], list[str], bool]] = [
    ({"narrative": "Il a demandé un pot-de-vin de 200."}, ["corruption"], True),
    ({"subject": "CORRUPTION au guichet"}, ["corruption"], True),
    ({"narrative": "طلب مني الرِّشوة"}, ["corruption"], True),
    ({"narrative": "bgha mni rchwa"}, ["corruption"], True),
    ({"narrative": "هاد الحڭرة"}, ["corruption"], True),
    ({"narrative": "Mes données personnelles sont affichées"}, ["personal-data"], False),
    ({"narrative": "Corruption, et mes données personnelles"}, ["corruption", "personal-data"], True),
    ({"subject": "Un pot", "narrative": "de vin"}, [], False),
    ({"narrative": "Le compteur est cassé", "private": {"note": "pot de vin"}}, ["corruption"], True),
]


@pytest.fixture
async def bench(open_store):
    bench = await open_store("intake", clock_at="2026-03-02T10:00:00Z")
    await bench.deliver(*ALERTS)
    while not (await bench.node.directory()).alerts:
        await asyncio.sleep(0.05)
    return bench


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        yield Citizen(bench, client)


async def checked(citizen, lang="fr", **words):
    answer = await citizen.client.post("/v1/complaints/check", json=words, params={"lang": lang})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_right_doors_are_told_before_filing(citizen, bench):
    for words, codes, restricted in WORDS:
        told = await checked(citizen, **words)
        assert ([alert["code"] for alert in told["alerts"]], told["restricted"]) == (codes, restricted), words
    assert await bench.outbox() == []
    assert await bench.execute("select count(*) from register") == [(0,)]


async def test_a_door_is_named_in_the_reader_s_language(citizen):
    [alert] = (await checked(citizen, "ar", narrative="رشوة"))["alerts"]
    assert (alert["label"], alert["restricted"]) == ("الرشوة", True)
    assert alert["doors"] == [{"label": "النزاهة", "url": "https://integrity.example", "body": None}]


async def test_a_whole_filing_can_be_checked_and_words_must_be_there(citizen):
    assert set(FilingIn.model_fields) == set(CheckIn.model_fields)
    assert await checked(citizen, **filing()) == {"alerts": [], "restricted": False}
    answer = await citizen.client.post("/v1/complaints/check", json={"procedure": "complaint"})
    assert (answer.status_code, answer.json()["code"]) == (422, "words-missing")


async def test_checks_are_limited_apart_from_filings(open_store):
    bench = await open_store("intake", clock_at="2026-03-02T10:00:00Z", filing_per_minute=2)
    async with bench.client() as client:
        codes = [(await client.post("/v1/complaints/check", json={"subject": "x"})).status_code for _ in range(3)]
        filed = await client.post("/v1/complaints", json=filing(), headers={"Idempotency-Key": str(uuid4())})
    assert codes[0] == 200
    assert codes[-1] == 429
    assert filed.status_code == 201


async def test_filed_all_the_same_it_is_for_the_restricted_desk_alone(citizen, bench):
    assert (await citizen.file(narrative="On m'a demandé un pot-de-vin.")).status_code == 201
    [filed] = [body for name, body in await bench.outbox() if name == "complaint-filed"]
    assert filed.filing.restricted is True
    assert "pot" not in filed.model_dump_json()
    assert (await citizen.page())["narrative"].startswith("On m'a")
    for who in (bench.token("national-desk"), bench.token("auditor")):
        assert (await citizen.client.get(citizen.path, headers=who)).status_code == 404
    restricted = bench.token("national-desk", restricted=True)
    assert (await citizen.client.get(citizen.path, headers=restricted)).status_code == 200
    others = await Others.of(bench)
    await bench.deliver(fact("routing", others.header, 1, Case(status="triage", kind="complaint", restricted=False)))
    assert (await citizen.client.get(citizen.path, headers=bench.token("national-desk"))).status_code == 200


async def test_an_ordinary_filing_is_not_and_one_under_a_restricted_law_is(citizen, bench):
    law = (await bench.node.directory()).records["procedure/observation@1"]
    secret = law.procedure.model_copy(update={"version": 2, "visibility": Visibility(restricted=True)})
    await bench.deliver(law.model_copy(update={"version": 2, "procedure": secret}))
    while not (await bench.node.directory()).procedure("observation@2"):
        await asyncio.sleep(0.05)
    for procedure, restricted in (("complaint", False), ("observation@1", False), ("observation@2", True)):
        answer = await citizen.file(procedure=procedure, coded=None)
        assert answer.status_code == 201, answer.text
        *_, filed = [body for name, body in await bench.outbox() if name == "complaint-filed"]
        assert filed.filing.restricted is restricted
        assert (await checked(citizen, subject="x", procedure=procedure))["restricted"] is (procedure == "observation@2")


async def test_a_coded_refusal_shows_its_door_on_the_page(citizen, bench):
    await citizen.file()
    others = await Others.of(bench)
    await others.to_body("water-office", "2026-03-02T10:01:00Z")
    await others.answered("2026-03-04T10:00:00Z", "Voir le tribunal.", "before-court", "refused")
    shown = (await citizen.page())["response"]
    assert (shown["outcome"], shown["door"]) == ("before-court", {"label": "Tribunaux", "url": "https://courts.example", "body": None})
