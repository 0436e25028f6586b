"""A past period under other rules: what would have gone elsewhere, against differences planted and counted by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from httpx import Response

from services.routing.triage.terminal import what_if
from tests.support.desk import header, noria_pack
from tests.support.desks import NATIONAL, OFFICE, Desks, open_desks, refused
from tests.support.lives import NORIA
from tests.support.stores import Opener

FILINGS = 10_000
EVERY_DAM, EVERY_ERASED = 100, 250
RULES = [rule.model_dump(mode="json") for rule in noria_pack().rules]
WORDS = {
    "id": "leak-words",
    "when": {"public_services": ["water-bill"], "words": ["fuite"]},
    "to": {"kind": "body", "body": "ministry-waters"},
}
# Written as the rules would have: a filing in two about a bill at the office, the others in triage; every hundredth about a dam, at the
# ministry; every two-hundred-and-fiftieth erased. Filing n was decided in the minute n of 2026.
PLANT = """
    with n as (select n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id from generate_series(1, :filings) n),
    kinds as (select n, id, case when n % :dam = 0 then 'dams' when n % 2 = 0 then 'water-bill' end as service from n),
    registers as (
        insert into register (complaint_id, partition, reference, header, intake_version, routing_version)
        select id, 0, 'PAST-' || n,
               cast(:header as jsonb) || jsonb_build_object('id', id, 'reference', 'PAST-' || n, 'public_service', service), 1, 1
        from kinds),
    papers as (
        insert into private_document (topic, complaint_id, version, doc)
        select 'papers', id, 1, jsonb_build_object('subject', case when n % 4 = 0 then 'Une fuite' else 'Compteur' end)
        from kinds where n % :erased > 0)
    insert into routing_decision (complaint_id, version, at, rule, rule_version, rule_set_version, final, body, evidence)
    select id, 1, timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute', 'planted', 1, 1, false,
           case service when 'dams' then 'ministry-waters' when 'water-bill' then 'water-office' end, '{}' from kinds"""


@pytest.fixture
async def desks(open_store: Opener) -> AsyncIterator[Desks]:
    opened = await open_desks(open_store)
    past = header(public_service=None).model_dump_json()
    await opened.bench.execute(PLANT, filings=FILINGS, dam=EVERY_DAM, erased=EVERY_ERASED, header=past)
    async with opened.client:
        yield opened


async def ask(desks: Desks, who: tuple[str, str | None] = NATIONAL, /, **asked: object) -> Response:
    return await desks.client.post("/v1/rules/what-if", json=asked, headers=desks.bench.token(*who))


async def test_what_would_go_elsewhere_is_what_was_planted(desks: Desks) -> None:
    same = (await ask(desks, rules=RULES)).json()
    assert same == {"looked_at": FILINGS, "same": FILINGS, "unknown": 0, "moves": []}
    # n even and no multiple of 100: 4,900 bills, of them multiples of 4: 2,400 with a leak in the subject. Erased are the
    # multiples of 250; of those only 250, 750, 1250 … 9750 (20 of them) are bills: the others are multiples of 500, so dams.
    # None of the 20 is a multiple of 4.
    told = (await ask(desks, rules=[WORDS, *RULES])).json()
    assert (told["looked_at"], told["unknown"], told["same"]) == (FILINGS, 20, FILINGS - 2_400 - 20)
    [moved] = told["moves"]
    assert (moved["from"], moved["to"], moved["n"]) == ("water-office", "ministry-waters", 2_400)
    assert moved["examples"] == ["PAST-4", "PAST-8", "PAST-12", "PAST-16", "PAST-20"]
    # Without the rule for public services all 5,000 even ones would wait in triage.
    none = (await ask(desks, rules=[rule for rule in RULES if rule["id"] != "body-of-public-service"])).json()
    assert [(m["from"], m["to"], m["n"]) for m in none["moves"]] == [("water-office", None, 4_900), ("ministry-waters", None, 100)]


async def test_a_period_is_named_by_its_instants(desks: Desks) -> None:
    told = (await ask(desks, rules=[WORDS, *RULES], **{"from": "2026-01-01T00:04:00Z", "until": "2026-01-01T00:12:00Z"})).json()
    assert (told["looked_at"], [m["examples"] for m in told["moves"]]) == (8, [["PAST-4", "PAST-8"]])


async def test_the_command_tries_the_rules_of_a_pack(desks: Desks, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in NORIA.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(NORIA)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"rules": [WORDS, *RULES]}), encoding="utf-8")
    assert await what_if(desks.bench.node, str(tmp_path), **{"from": None, "until": None}) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "10000 filings, 7580 as before"
    assert "2400\twater-office -> ministry-waters\tPAST-4 PAST-8" in told.out
    assert "10000 filings" in told.err
    assert await what_if(desks.bench.node, str(tmp_path), **{"from": "yesterday", "until": None}) == 2
    (tmp_path / "rules.yaml").write_text("rules: []\n", encoding="utf-8")
    assert await what_if(desks.bench.node, str(tmp_path), **{"from": None, "until": None}) == 8
    assert "rules.yaml:1: holds no rule" in capsys.readouterr().err


async def test_what_cannot_be_tried_is_refused(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(await ask(desks, OFFICE, rules=RULES)) == (403, "role-not-allowed")
    assert refused(await ask(desks, rules=[])) == (422, "invalid-field")
    assert refused(await ask(desks, rules=[{**RULES[0], "when": {"moon": "full"}}])) == (422, "invalid-field")
    broken = await ask(desks, rules=[RULES[-1], *RULES])
    assert refused(broken) == (422, "rules-broken")
    assert "rule 2: is never reached" in broken.json()["detail"]
    monkeypatch.setattr("services.routing.triage.api.MOST_FILINGS", 9_999)
    assert refused(await ask(desks, rules=RULES)) == (422, "period-too-long")
