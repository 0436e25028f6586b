"""From a draft to an approved answer over HTTP, on a real store."""

from typing import Any
from uuid import uuid4

from shared.contracts.complaint import Header
from tests.support.desk import breach, filing
from tests.support.desks import NATIONAL, OFFICE, WATERS, Desks, Who, refused
from tests.support.lives import at
from tests.support.stores import fact

APPROVER, ADMIN, MACHINE = ("approver", "water-office"), ("body-admin", "water-office"), ("machine", "water-office")
ANSWER = {"outcome": "favourable", "reasons": "The bill was corrected."}
GRANTED = {"outcome": "granted"}


async def under_one(desks: Desks) -> Header:
    """A request for information: its law wants one approval."""
    return await desks.file(procedure="access-to-information@1", body="water-office", filing=filing(coded={"urgent": "no"}))


async def step(desks: Desks, who: Who, header: Header, what: str, version: int, method: str = "POST", **asked: Any) -> dict[str, Any]:
    """A step of a draft that is taken; its version is the draft's, and the case's stays."""
    response = await desks.act(who, header, what, version, method, **asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    assert (response.headers["ETag"], found["version"]) == (f'"{version + 1}"', version + 1)
    return found


async def actions(desks: Desks, header: Header) -> list[tuple[str, str]]:
    entries = (await desks.get("/v1/audit", NATIONAL, reference=header.reference)).json()["entries"]
    return [(entry["role"], entry["action"]) for entry in entries]


async def test_an_answer_under_one_approval(desks: Desks) -> None:
    header = await under_one(desks)
    for who in (OFFICE, MACHINE, APPROVER):
        assert refused(await desks.act(who, header, "response", 1, **GRANTED)) == (409, "approval-missing")
    assert refused(await desks.get(f"/v1/cases/{header.reference}/draft", OFFICE)) == (404, "draft-missing")
    assert (await step(desks, OFFICE, header, "draft", 0, "PUT", **GRANTED))["steps"] == 1
    assert refused(await desks.act(APPROVER, header, "draft/approval", 1)) == (409, "not-submitted")
    await step(desks, OFFICE, header, "draft/submission", 1)
    assert refused(await desks.act(OFFICE, header, "draft/approval", 2)) == (403, "role-not-allowed")
    assert refused(await desks.act(APPROVER, header, "draft/approval", 1)) == (412, "version-stale")
    approved = await step(desks, APPROVER, header, "draft/approval", 2)
    assert (approved["state"], approved["approvers"]) == ("approved", ["local-approver"])
    assert refused(await desks.act(OFFICE, header, "response", 1, outcome="exception", reasons="No.")) == (409, "approval-missing")
    await desks.bench.take_outbox()
    done = await desks.done(OFFICE, header, "response", 1, **GRANTED)
    assert (done["case"]["status"], done["case"]["outcome"]) == ("answered", "granted")
    assert [name for name, _ in await desks.bench.take_outbox()] == ["response-posted", "answers"]
    assert refused(await desks.get(f"/v1/cases/{header.reference}/draft", OFFICE)) == (404, "draft-missing")
    assert await actions(desks, header) == [
        ("body-agent", "draft"),
        ("body-agent", "draft-submission"),
        ("approver", "draft-approval"),
        ("body-agent", "response"),
    ]


async def test_an_amendment_is_approved_as_the_answer_was(desks: Desks) -> None:
    header = await desks.file(procedure=await desks.law(approval="two"))
    assert refused(await desks.act(OFFICE, header, "response", 1, **ANSWER)) == (409, "approval-missing")
    await step(desks, OFFICE, header, "draft", 0, "PUT", **ANSWER)
    await step(desks, OFFICE, header, "draft/submission", 1)
    assert (await step(desks, APPROVER, header, "draft/approval", 2))["state"] == "submitted"
    assert refused(await desks.act(APPROVER, header, "draft/approval", 3)) == (409, "approved-by-you")
    assert (await step(desks, ADMIN, header, "draft/approval", 3))["state"] == "approved"
    await desks.done(OFFICE, header, "response", 1, **ANSWER)
    other = {"outcome": "unfounded", "reasons": "It was right."}
    assert refused(await desks.act(OFFICE, header, "response", 2, "PUT", **other)) == (409, "approval-missing")
    await step(desks, OFFICE, header, "draft", 0, "PUT", **other)
    await step(desks, OFFICE, header, "draft/submission", 1)
    await step(desks, APPROVER, header, "draft/approval", 2)
    await step(desks, ADMIN, header, "draft/approval", 3)
    assert (await desks.done(OFFICE, header, "response", 2, "PUT", **other))["case"]["outcome"] == "unfounded"


async def test_a_draft_given_back_says_why(desks: Desks) -> None:
    header = await under_one(desks)
    await step(desks, OFFICE, header, "draft", 0, "PUT", **GRANTED)
    await step(desks, OFFICE, header, "draft/submission", 1)
    assert refused(await desks.act(NATIONAL, header, "draft/return", 2, comment="No.")) == (409, "not-your-answer")
    await step(desks, APPROVER, header, "draft/return", 2, comment="Which file?")
    read = (await desks.get(f"/v1/cases/{header.reference}/draft", OFFICE)).json()
    assert (read["state"], read["comment"], read["version"]) == ("returned", "Which file?", 3)
    assert refused(await desks.act(OFFICE, header, "draft", 1, "PUT", **GRANTED)) == (412, "version-stale")


async def test_where_nobody_approves_a_draft_is_a_convenience(desks: Desks) -> None:
    header = await desks.file()
    await step(desks, OFFICE, header, "draft", 0, "PUT", outcome="favourable")
    assert refused(await desks.act(OFFICE, header, "draft/submission", 1)) == (422, "reasons-missing")
    await desks.done(OFFICE, header, "response", 1, **ANSWER)


async def test_a_draft_stays_with_the_body_that_wrote_it(desks: Desks) -> None:
    header = await desks.file()
    await step(desks, OFFICE, header, "draft", 0, "PUT", **ANSWER)
    await desks.done(OFFICE, header, "assignment", 1, body="ministry-waters", reason="competence")
    assert refused(await desks.get(f"/v1/cases/{header.reference}/draft", WATERS)) == (404, "draft-missing")
    assert (await step(desks, WATERS, header, "draft", 0, "PUT", **ANSWER))["writers"] == ["local-body-agent"]


async def test_a_decision_sent_again_under_its_key_is_taken_once(desks: Desks) -> None:
    header = await desks.file()
    await desks.told()
    sent = {**desks.bench.token(*MACHINE), "Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    path = f"/v1/cases/{header.reference}"
    first = await desks.client.post(f"{path}/response", json=ANSWER, headers=sent)
    again = await desks.client.post(f"{path}/response", json=dict(reversed(ANSWER.items())), headers=sent)
    assert (first.status_code, first.json(), first.headers["ETag"]) == (200, again.json(), again.headers["ETag"])
    assert [name for name, _, _ in await desks.told()] == ["response-posted"]
    for change in ({"json": ANSWER | {"reasons": "Other."}}, {"headers": sent | desks.bench.token(*OFFICE)}):
        other = await desks.client.post(f"{path}/response", **{"json": ANSWER, "headers": sent, **change})  # type: ignore[arg-type]
        assert refused(other) == (409, "idempotency-key-reused")
    assert refused(await desks.client.post(f"{path}/take-up", headers=sent)) == (409, "idempotency-key-reused")
    assert refused(await desks.client.post(f"{path}/take-up", headers=sent | {"Idempotency-Key": "1"})) == (400, "idempotency-key-invalid")


async def test_a_key_of_what_was_refused_is_free(desks: Desks) -> None:
    header = await desks.file()
    sent = {**desks.bench.token(*MACHINE), "Idempotency-Key": str(uuid4()), "If-Match": '"2"'}
    path = f"/v1/cases/{header.reference}/take-up"
    assert refused(await desks.client.post(path, headers=sent)) == (412, "version-stale")
    assert (await desks.client.post(path, headers=sent | {"If-Match": '"1"'})).status_code == 200


async def test_a_case_whose_filer_never_answered_is_closed_as_lapsed(desks: Desks) -> None:
    header = await desks.file()
    asked = await desks.done(OFFICE, header, "information-requests", 1, text="Which month?")
    assert refused(await desks.act(OFFICE, header, "closure", 2)) == (409, "nothing-lapsed")
    [request] = asked["case"]["requests"]
    desks.bench.at("2026-04-01T10:00:00Z")
    clock = breach("supply", "citizen", "2026-03-02", request["lapses_at"], "2026-03-20T00:00:00+00:00")
    await desks.bench.deliver(fact("deadlines", header, 1, (clock.model_copy(update={"starts_at": at("2026-03-02T10:00:00Z")}),)))
    done = await desks.done(OFFICE, header, "closure", 3)
    assert (done["case"]["status"], done["case"]["closed_at"]) == ("lapsed", "2026-04-01T10:00:00.000Z")
    assert [name for name, _, _ in await desks.told()][-1] == "complaint-closed"


async def test_drafts_and_kept_answers_go_with_the_filer(desks: Desks) -> None:
    header = await desks.file()
    sent = {**desks.bench.token(*OFFICE), "Idempotency-Key": str(uuid4()), "If-Match": '"0"'}
    path = f"/v1/cases/{header.reference}/draft"
    assert (await desks.client.put(path, json=ANSWER, headers=sent)).status_code == 200
    tables = "select (select count(*) from desk_draft), (select count(*) from decision_key)"
    assert await desks.bench.execute(tables) == [(1, 1)]
    await desks.bench.deliver(fact("intake", header, 2, filing(erased_at=at("2026-03-03"))))
    assert await desks.bench.execute(tables) == [(0, 0)]
    again = sent | {"Idempotency-Key": str(uuid4())}
    assert refused(await desks.client.put(path, json=ANSWER, headers=again)) == (409, "erased")
