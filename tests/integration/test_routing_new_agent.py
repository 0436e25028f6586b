"""The desk as somebody uses it on their first day, knowing the interface's description and nothing else.

Each step names the version it was taken on, leaves its line in the audit, and tells what it should: a fact, or nothing.
"""

from typing import Any

from tests.support.desks import NATIONAL, WATERS, Desks, refused
from tests.support.desks import OFFICE as AGENT

APPROVER, ADMIN = ("approver", "water-office"), ("body-admin", "water-office")
WORDS = {"outcome": "favourable", "reasons": "The bill was corrected."}


async def facts(desks: Desks) -> list[str]:
    return [name for name, _ in await desks.bench.take_outbox()]


async def step(desks: Desks, who: Any, header: Any, what: str, version: int, tells: list[str], method: str = "POST", **asked: Any) -> int:
    """A step that needs its If-Match, and tells this; the version after it."""
    assert refused(await desks.act(who, header, what, None, method, **asked)) == (428, "if-match-missing")
    assert refused(await desks.act(who, header, what, version + 7, method, **asked)) == (412, "version-stale")
    response = await desks.act(who, header, what, version, method, **asked)
    assert response.status_code == 200, response.text
    assert await facts(desks) == tells, what
    found: int = response.json().get("version", version)
    return found


async def test_from_the_queue_to_the_answer(desks: Desks) -> None:
    header = await desks.file(procedure=await desks.law(approval="one"))
    await desks.papers(header)
    assert await facts(desks) == ["complaint-routed"]

    [line] = (await desks.get("/v1/cases", AGENT, assigned="nobody", status="with_body")).json()["cases"]
    assert (line["reference"], line["version"]) == (header.reference, 1)
    assert (await desks.case(header, AGENT))["papers"]["narrative"] == "The bill is wrong."
    await step(desks, AGENT, header, "assignee", 1, [], "PUT", sub="local-body-agent")
    version = await step(desks, AGENT, header, "take-up", 1, ["complaint-taken-up"])
    assert (await desks.act(AGENT, header, "notes", None, text="Called the meter reader.")).status_code == 201

    assert refused(await desks.act(AGENT, header, "response", version, **WORDS)) == (409, "approval-missing")
    draft = await step(desks, AGENT, header, "draft", 0, [], "PUT", **WORDS)
    draft = await step(desks, AGENT, header, "draft/submission", draft, [])
    draft = await step(desks, APPROVER, header, "draft/return", draft, [], comment="Since when?")
    draft = await step(desks, AGENT, header, "draft", draft, [], "PUT", **WORDS | {"reasons": "The bill of March was corrected."})
    draft = await step(desks, AGENT, header, "draft/submission", draft, [])
    await step(desks, APPROVER, header, "draft/approval", draft, [])
    posted = WORDS | {"reasons": "The bill of March was corrected."}
    assert await step(desks, AGENT, header, "response", version, ["response-posted", "answers"], **posted) == version + 1

    entries = (await desks.get("/v1/audit", NATIONAL, reference=header.reference)).json()["entries"]
    assert [(entry["role"], entry["action"]) for entry in entries] == [
        ("body-agent", "read-papers"),
        ("body-agent", "assignee"),
        ("body-agent", "take-up"),
        ("body-agent", "note"),
        ("body-agent", "draft"),
        ("body-agent", "draft-submission"),
        ("approver", "draft-return"),
        ("body-agent", "draft"),
        ("body-agent", "draft-submission"),
        ("approver", "draft-approval"),
        ("body-agent", "response"),
    ]


async def test_a_transfer_and_its_return_that_is_refused(desks: Desks) -> None:
    header = await desks.file()
    await facts(desks)
    away = {"body": "ministry-waters", "reason": "competence"}
    version = await step(desks, AGENT, header, "assignment", 1, ["complaint-routed"], **away)
    back = {"body": "water-office", "reason": "competence"}
    assert refused(await desks.act(WATERS, header, "assignment", version, **back)) == (409, "needs-national-desk")
    assert await facts(desks) == []
    version = await step(desks, WATERS, header, "assignment", version, ["complaint-routed"], body=None, reason="competence")
    await step(desks, NATIONAL, header, "assignment", version, ["complaint-routed"], **back)


async def test_a_colleague_leaves(desks: Desks) -> None:
    header = await desks.file()
    await desks.get("/v1/staff", APPROVER)
    await desks.get("/v1/staff", AGENT)
    await facts(desks)
    await step(desks, ADMIN, header, "assignee", 1, [], "PUT", sub="local-body-agent")
    sent = desks.bench.token(*ADMIN)
    path = "/v1/staff/local-body-agent/handover"
    assert (await desks.client.post(path, json={"to": "local-approver"}, headers=sent)).json() == {"cases": 1}
    [line] = (await desks.get("/v1/cases", APPROVER, assigned="me")).json()["cases"]
    assert (line["reference"], line["assignee"], line["version"]) == (header.reference, "local-approver", 1)
    assert await facts(desks) == []
