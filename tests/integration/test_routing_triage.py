"""Triage over HTTP, on a real store: why a case went where it did, where the like of it went, second copies, restricted cases."""

import asyncio
from typing import Any

import pytest

from services.routing.triage import compare
from services.routing.triage.terminal import explain
from shared.contracts.complaint import Header
from shared.contracts.private import Papers, Person
from tests.support.desk import filing, header
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, refused
from tests.support.stores import fact

LONG = "Depuis lundi matin il n'y a plus une goutte dans tout le quartier et personne ne répond au téléphone de la régie."


async def filed(
    desks: Desks,
    subject: str = "Facture d'eau",
    narrative: str = LONG,
    email: str = "amal@noria.example",
    restricted: bool = False,
    **values: Any,
) -> Header:
    one = header(**values)
    person = Person(email=email, language="fr")
    papers = Papers(version=1, complaint_id=one.id, reference=one.reference, person=person, subject=subject, narrative=narrative)
    await desks.bench.deliver(fact("intake", one, 1, filing(restricted=restricted)), papers)
    return one


async def asked(desks: Desks, of: Header, what: str, who: Any = NATIONAL) -> Any:
    response = await desks.get(f"/v1/cases/{of.reference}/{what}", who)
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_explanation_names_each_rule_in_order(desks: Desks, capsys: pytest.CaptureFixture[str]) -> None:
    one = await filed(desks, public_service="civil-status")
    told = await asked(desks, one, "explanation")
    [decision] = told["decisions"]
    assert (decision["rule"], decision["rule_version"], decision["rule_set_version"]) == ("civil-status-to-commune", 1, 1)
    assert (decision["body"], decision["final"], told["body"]) == ("commune-prima", True, "commune-prima")
    assert decision["evidence"] == {"public_service": "civil-status", "territory": "010010101"}
    assert [(look["rule"], look["result"], look["unmet"]) for look in told["rules"]] == [
        ("declared-body", "finds-nobody", []),
        ("civil-status-to-commune", "decided", []),
        ("order-to-prefect", "not-looked-at", []),
        ("body-of-public-service", "not-looked-at", []),
        ("national-triage", "not-looked-at", []),
    ]
    assert told["as_decided"] is True
    assert await explain(desks.bench.node, one.reference) == 0
    assert "rule civil-status-to-commune version 1 of rules version 1: commune-prima" in capsys.readouterr().out
    assert await explain(desks.bench.node, "0000-0000-0") == 1


async def test_an_explanation_says_when_the_directory_has_changed_since(desks: Desks) -> None:
    one = await filed(desks)
    office = (await desks.bench.node.directory()).bodies["water-office"]
    await desks.bench.deliver(office.model_copy(update={"version": 9, "online": False}))
    while (await desks.bench.node.directory()).bodies["water-office"].online:
        await asyncio.sleep(0.05)
    told = await asked(desks, one, "explanation", OFFICE)
    assert (told["as_decided"], told["decisions"][0]["body"], told["body"]) == (False, "water-office", "water-office")
    assert [look["result"] for look in told["rules"]][-2:] == ["not-on-line", "decided"]


async def test_suggestions_count_where_cases_like_this_one_went(desks: Desks) -> None:
    for n, (subject, service, territory) in enumerate(
        [("Facture d'eau", "water-bill", "010010101")] * 3 + [("Factures", None, "010010102"), ("Barrage", "dams", "020010101")]
    ):
        one = await filed(desks, subject, public_service=service, territory=territory, email=f"{n}@noria.example")
        if service is None:
            await desks.done(NATIONAL, one, "assignment", 1, body="ministry-waters")
    old = await filed(desks, public_service="water-bill", filed="2024-03-02")
    asking = await filed(desks, "la facture", public_service="water-bill")
    desks.bench.at("2026-03-03T10:00:00Z")
    found = await asked(desks, asking, "suggestions")
    assert [(s["body"], s["on"], s["n"]) for s in found["suggestions"]] == [
        ("water-office", ["public_service", "territory", "words"], 3),
        ("ministry-waters", ["territory", "words"], 1),
    ]
    assert found["suggestions"][0]["name"]["fr"] == "Office de l'eau"
    assert old.filed_at.year == 2024


async def test_duplicates_come_with_their_evidence(desks: Desks) -> None:
    first = await filed(desks)
    again = await filed(desks, "FACTURE d’eau", LONG + " Merci.", email="AMAL@noria.example")
    same_person = await filed(desks, "Rue", "Un lampadaire ne marche plus devant chez moi.", territory="020010101")
    await filed(desks, "Barrage", "Le barrage est vide depuis deux ans selon les voisins du village.", email="b@noria.example")
    elsewhere = await filed(desks, public_service="dams", email="c@noria.example")
    found = (await asked(desks, again, "duplicates"))["candidates"]
    assert [row["reference"] for row in found] == [first.reference, elsewhere.reference, same_person.reference]
    evidence = [row["evidence"] for row in found]
    assert evidence[0]["text"] > 0.7
    assert [(e["place"], e["filer"], e["public_service"]) for e in evidence] == [
        ("same", True, True),
        ("same", False, False),
        (None, True, True),
    ]
    own = (await asked(desks, again, "duplicates", OFFICE))["candidates"]
    assert [row["reference"] for row in own] == [first.reference, same_person.reference]  # the ministry's case is not theirs to see


async def test_of_more_candidates_than_are_looked_at_the_likest_are(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "LOOKED_AT", 1)
    first = await filed(desks, filed="2026-01-02", email="first@noria.example")
    for day in (26, 27, 28):
        near = f"{LONG} {' '.join(f'mot{day}{n}' for n in range(20))}"
        await filed(desks, narrative=near, filed=f"2026-02-{day}", email=f"{day}@noria.example")
    again = await filed(desks, email="again@noria.example")
    assert [row["reference"] for row in (await asked(desks, again, "duplicates"))["candidates"]] == [first.reference]


async def test_linking_keeps_both_cases_and_is_shown_at_both(desks: Desks) -> None:
    first, again = await filed(desks), await filed(desks)
    await desks.told()
    body = {"rel": "duplicate-of", "reference": first.reference}
    for _ in range(2):
        response = await desks.act(OFFICE, again, "links", None, **body)
        assert response.status_code == 200, response.text
        assert [(one["rel"], one["reference"], one["by"]) for one in response.json()["links"]] == [
            ("duplicate-of", first.reference, "body-agent")
        ]
    assert [(one["rel"], one["reference"]) for one in (await asked(desks, first, "links"))["links"]] == [("has-duplicate", again.reference)]
    assert await desks.told() == []
    assert [(await desks.case(one))["case"]["status"] for one in (first, again)] == ["with_body"] * 2
    entries = (await desks.get("/v1/audit", NATIONAL, reference=first.reference)).json()["entries"]
    assert "duplicate-of" in [entry["action"] for entry in entries]


async def test_a_link_that_says_nothing_is_refused(desks: Desks) -> None:
    first, again = await filed(desks), await filed(desks)
    other = await filed(desks, public_service="dams")
    assert refused(await desks.act(OFFICE, first, "links", None, rel="duplicate-of", reference=first.reference)) == (422, "same-case")
    for reference in (other.reference, "0000-0000-0"):
        assert refused(await desks.act(OFFICE, first, "links", None, rel="duplicate-of", reference=reference)) == (422, "unknown-link")
    assert refused(await desks.act(OFFICE, first, "links", None, rel="like", reference=again.reference)) == (422, "invalid-field")
    assert (await desks.act(OFFICE, first, "links", None, rel="duplicate-of", reference=again.reference)).status_code == 200
    circle = await desks.act(OFFICE, again, "links", None, rel="duplicate-of", reference=first.reference)
    assert refused(circle) == (409, "link-circle")


async def test_a_restricted_filing_is_the_restricted_desk_s_alone(desks: Desks) -> None:
    one = await filed(desks, restricted=True, body="water-office")
    open_one = await filed(desks)
    [(_, _, case), _] = await desks.told()
    assert (case.status, case.body, case.restricted, case.rule and case.rule.id) == ("triage", None, True, "restricted-desk")
    for who in (OFFICE, NATIONAL, ("auditor", None)):
        assert refused(await desks.get(f"/v1/cases/{one.reference}", who)) == (404, "case-unknown")
        assert who == OFFICE or refused(await desks.get("/v1/audit", who, reference=one.reference)) == (404, "case-unknown")
        listed = (await desks.get("/v1/cases", who)).json()["cases"]
        assert [row["reference"] for row in listed] == [open_one.reference]
    assert (await asked(desks, open_one, "duplicates"))["candidates"] == []
    assert refused(await desks.get("/v1/cases", NATIONAL, restricted="true")) == (403, "role-not-allowed")
    desk = desks.bench.token("national-desk", restricted=True)
    listed = (await desks.client.get("/v1/cases", params={"restricted": "true"}, headers=desk)).json()["cases"]
    assert [row["reference"] for row in listed] == [one.reference]
    assert (await desks.client.get(f"/v1/cases/{one.reference}", headers=desk)).json()["papers"]["subject"] == "Facture d'eau"
    [entry] = (await desks.client.get("/v1/audit", params={"reference": one.reference}, headers=desk)).json()["entries"]
    assert (entry["action"], entry["role"]) == ("read-papers", "national-desk")


async def test_the_restricted_desk_lets_go_what_only_sounds_so_and_takes_what_is(desks: Desks) -> None:
    one = await filed(desks, restricted=True)
    desk = desks.bench.token("national-desk", restricted=True)

    async def act(what: str, version: int, **body: Any) -> Any:
        return await desks.client.post(f"/v1/cases/{one.reference}/{what}", json=body, headers=desk | {"If-Match": f'"{version}"'})

    assert refused(await act("assignment", 1, body="water-office")) == (409, "case-restricted")
    assert refused(await act("restriction", 1, restricted=True)) == (409, "nothing-changes")
    assert (await act("restriction", 1, restricted=False)).json()["case"]["restricted"] is False
    assert (await act("assignment", 2, body="water-office")).status_code == 200
    assert refused(await desks.act(NATIONAL, one, "restriction", 3, restricted=True)) == (403, "role-not-allowed")
    assert refused(await act("restriction", 2, restricted=True)) == (412, "version-stale")
    taken = (await act("restriction", 3, restricted=True)).json()["case"]
    assert (taken["restricted"], taken["body"], taken["status"], taken["custody"][0]["reason"]) == (True, None, "triage", "restricted")
    assert refused(await desks.get(f"/v1/cases/{one.reference}", OFFICE)) == (404, "case-unknown")
    assert refused(await desks.get(f"/v1/cases/{one.reference}", WATERS)) == (404, "case-unknown")
