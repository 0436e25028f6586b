"""One answer to many cases, each with a clock of its own; and the templates that answers begin with."""

from typing import Any
from uuid import uuid4

import httpx

from shared.contracts.complaint import Header
from tests.support.desks import NATIONAL, OFFICE, Desks, Who, refused

ADMIN, APPROVER = ("body-admin", "water-office"), ("approver", "water-office")
ANSWER = {"outcome": "favourable", "reasons": "The main was repaired."}


async def post(desks: Desks, who: Who, what: str, cases: list[tuple[Header, int]], key: str = "", **words: Any) -> httpx.Response:
    asked = {"cases": [{"reference": header.reference, "version": version} for header, version in cases], **words}
    sent = desks.bench.token(*who) | ({"Idempotency-Key": key} if key else {})
    return await desks.client.post(f"/v1/cases/{what}", json=asked, headers=sent)


def results(response: httpx.Response) -> list[tuple[int, int | None, str | None]]:
    assert response.status_code == 200, response.text
    return [(one["status"], one["version"], one["code"]) for one in response.json()["results"]]


async def test_many_cases_of_one_incident_are_answered_each_for_itself(desks: Desks) -> None:
    headers = [await desks.file() for _ in range(4)]
    elsewhere = await desks.file(public_service="dams")
    await desks.done(OFFICE, headers[1], "take-up", 1)
    await desks.told()
    cases = [(header, 1) for header in (*headers, elsewhere)]
    key = str(uuid4())
    first = await post(desks, OFFICE, "responses", cases, key, **ANSWER)
    assert results(first) == [(200, 2, None), (412, None, "version-stale"), (200, 2, None), (200, 2, None), (404, None, "case-unknown")]
    told = await desks.told()
    assert [(name, version, case.status) for name, version, case in told] == [("response-posted", 2, "answered")] * 3
    assert len({case.response.id for _, _, case in told if case.response}) == 3
    again = await post(desks, OFFICE, "responses", cases, key, **ANSWER)
    assert (results(again), await desks.told()) == (results(first), [])
    assert results(await post(desks, OFFICE, "responses", cases[:1], **ANSWER)) == [(412, None, "version-stale")]
    entries = (await desks.get("/v1/audit", NATIONAL, reference=headers[0].reference)).json()["entries"]
    assert [entry["action"] for entry in entries] == ["response"]


async def test_under_an_approval_many_drafts_are_approved_and_posted(desks: Desks) -> None:
    law = await desks.law(approval="one")
    headers = [await desks.file(procedure=law) for _ in range(2)]
    cases = [(header, 1) for header in headers]
    assert results(await post(desks, OFFICE, "responses", cases, **ANSWER)) == [(409, None, "approval-missing")] * 2
    assert results(await post(desks, OFFICE, "drafts", [(header, 0) for header in headers], **ANSWER)) == [(200, 2, None)] * 2
    assert refused(await post(desks, OFFICE, "approvals", cases)) == (403, "role-not-allowed")
    assert results(await post(desks, APPROVER, "approvals", [(header, 2) for header in headers])) == [(200, 3, None)] * 2
    assert results(await post(desks, OFFICE, "responses", cases, **ANSWER)) == [(200, 2, None)] * 2


async def test_two_hundred_at_most(desks: Desks) -> None:
    header = await desks.file()
    for cases in ([], [(header, 1)] * 201):
        assert refused(await post(desks, OFFICE, "responses", cases, **ANSWER)) == (422, "invalid-field")


async def test_a_template_is_filled_from_the_header(desks: Desks) -> None:
    header = await desks.file(filed="2026-03-02T23:30:00Z")
    words = "{body}: {reference}, {filed_on}, {public_service}, {territory} {{sic}}"
    path, sent = "/v1/templates/ready/fr", desks.bench.token(*ADMIN)
    assert (await desks.put(ADMIN, path, title="Prêt", text="x")).status_code == 200
    assert (await desks.put(ADMIN, path, title="Prêt", text=words, outcome="favourable")).json()["text"] == words
    [filled] = (await desks.get(f"/v1/cases/{header.reference}/templates", OFFICE)).json()["templates"]
    directory = await desks.bench.node.directory()
    service, place = directory.public_services["water-bill"].title["fr"], directory.territories["010010101"].name["fr"]
    assert filled["text"] == f"Office de l'eau: {header.reference}, 2026-03-03, {service}, {place} {{sic}}"
    assert (await desks.get(f"/v1/cases/{header.reference}/templates", OFFICE, language="ar")).json()["templates"] == []
    assert [t["code"] for t in (await desks.get("/v1/templates", OFFICE, language="fr")).json()["templates"]] == ["ready"]
    assert (await desks.get("/v1/templates", NATIONAL)).json()["templates"] == []
    for text in ("{name}", "{reference", "{reference.x}", "{0}", "{}", "{reference!r}", "{reference:>9}"):
        assert refused(await desks.put(ADMIN, path, title="Prêt", text=text)) == (422, "unknown-place"), text
    assert (await desks.client.delete(path, headers=sent)).status_code == 204
    assert refused(await desks.client.delete(path, headers=sent)) == (404, "template-unknown")
    assert refused(await desks.put(OFFICE, path, title="Prêt", text="x")) == (403, "role-not-allowed")
