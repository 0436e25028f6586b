"""For each row of the matrix and each of its callers a complaint of their own, at the point where the call would succeed for who may."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from services.routing.packs import adopt
from shared.contracts.complaint import Header
from shared.contracts.events import Fact
from shared.contracts.private import Answers, Papers, Person, RequestText
from shared.contracts.states import Case, ClockState, Custody, Filing, Request, Response
from tests.integration.rights import directory
from tests.integration.rights.matrix import CALLERS, Route
from tests.support import desk
from tests.support.citizen import filing
from tests.support.lives import at
from tests.support.stores import Bench, fact

WORDS = "qanariyya-3d7e"
FILED, LATER = at("2026-03-02T10:00:00Z"), at("2026-03-17T23:00:00Z")
LATE = ClockState(code="answer", holder="body", body="water-office", starts_at=FILED, due_at=LATER, breached_at=LATER)
CALENDAR = {"weekly_off": ["saturday", "sunday"]}


@dataclass
class Scene:
    """A complaint, and what a call about it, or about something else (`place`), needs beside the caller's credentials."""

    header: Header
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)


Scenes = dict[tuple[Route, str], Scene]


async def prepare(bench: Bench, client: httpx.AsyncClient, routes: list[Route]) -> Scenes:
    """One scene a cell. Those of a service arrive as one batch, as they would from the log."""
    cells = [(route, caller) for route in routes for caller in CALLERS]
    scenes = await _PREPARE[routes[0].service](bench, client, [route for route, _ in cells])
    return dict(zip(cells, scenes, strict=True))


async def _intake(bench: Bench, client: httpx.AsyncClient, routes: list[Route]) -> list[Scene]:
    """Filed here, then with the office, asked and answered."""
    body = filing(subject=WORDS, narrative=WORDS)
    filed = await asyncio.gather(*(client.post("/v1/complaints", json=body, headers={"Idempotency-Key": str(uuid4())}) for _ in routes))
    ids = [answer.json()["id"] for answer in filed]
    known = {str(id): Header.model_validate_json(header) for id, header in await bench.execute("select complaint_id, header from register")}
    scenes, told = [], []
    for route, id in zip(routes, ids, strict=True):
        case = _asked(with_office()) if route.path.endswith("/information") else _answered(with_office())
        told += [fact("routing", known[id], 1, case), _answers(known[id], case)]
        scenes.append(Scene(known[id], _intake_body(route, case), {"Idempotency-Key": str(uuid4())}))
    await bench.deliver(*told)
    return scenes


def _intake_body(route: Route, case: Case) -> dict[str, Any] | None:
    if route.path in ("/v1/complaints", "/v1/complaints/check"):
        return filing()
    if route.path.endswith("/information"):
        return {"request_id": str(case.requests[0].id), "text": "2019"}
    return {"response_id": str(case.response.id), "satisfied": True} if route.path.endswith("/rating") and case.response else None


TWIN = desk.header()
"""Another case at the office, that others may be second copies of."""
DECISIONS: dict[str, dict[str, Any] | None] = {
    "links": {"rel": "duplicate-of", "reference": TWIN.reference},
    "restriction": {"restricted": True},
    "what-if": {"rules": [rule.model_dump(mode="json") for rule in desk.noria_pack().rules]},
    "take-up": None,
    "assignment": {"body": "commune-prima", "reason": "competence"},
    "information-requests": {"text": "Which month?"},
    "extensions": {"clock": "answer", "reason": "third-party"},
    "response": {"outcome": "favourable", "reasons": "Done."},
    "assignee": {"unit": "meters"},
    "notes": {"text": "Seen."},
    "draft": {"outcome": "favourable", "reasons": "Done."},
    "return": {"comment": "Which month?"},
    "unit": {"unit": "meters"},
    "absence": {"deputy": "local-approver", "from": "2026-03-05T00:00:00Z", "until": "2026-03-09T00:00:00Z"},
    "handover": {"to": "local-approver"},
    "{language}": {"title": "Ready", "text": "{reference} is ready."},
}
UNDER_ONE = ("/extensions", "/draft/submission", "/draft/approval", "/draft/return", "/approvals")
"""Calls about a case whose procedure wants an approval, and has an extension."""
LISTED = "010010102"
SEEN = ("body-agent", "approver", "body-admin")
"""Who has been at work at the office before the call."""


async def _routing(bench: Bench, client: httpx.AsyncClient, routes: list[Route]) -> list[Scene]:
    """Filed elsewhere and routed here, by the rules of Noria; where an answer is amended, the office has given it."""
    await bench.node.run(lambda tx: adopt(tx, desk.noria_pack()))
    headers = [_filed(route) for route in routes]
    states = [desk.filing(coded={"urgent": "no"}) if h.procedure != "complaint@1" else desk.filing() for h in headers]
    await bench.deliver(*(fact("intake", header, 1, state) for header, state in zip(headers, states, strict=True)))
    await bench.deliver(*(_papers(header) for header in headers), fact("intake", TWIN, 1, desk.filing()))
    late = [header for route, header in zip(routes, headers, strict=True) if route.path.endswith("/dossier")]
    await bench.deliver(*(fact("deadlines", header, 1, (LATE,)) for header in late))
    for role in SEEN:
        assert (await client.get("/v1/staff", headers=bench.token(role, "water-office"))).is_success
    written = await client.put("/v1/templates/ready/fr", json=DECISIONS["{language}"], headers=bench.token("body-admin", "water-office"))
    assert written.is_success
    versions = [await _prepared(bench, client, route, header) for route, header in zip(routes, headers, strict=True)]
    return [_at_desk(*scene) for scene in zip(routes, headers, versions, strict=True)]


def _filed(route: Route) -> Header:
    """What is listed has a place of its own: the cases of all other calls would fill more than a page."""
    if route.path.endswith(UNDER_ONE):
        return _extensible()
    return desk.header(territory=LISTED) if route.path == "/v1/cases" else desk.header()


async def _prepared(bench: Bench, client: httpx.AsyncClient, route: Route, header: Header) -> int:
    """What must have happened before the call can succeed; the version that it names: the case's, or the draft's."""
    words = {"outcome": "granted" if route.path.endswith(UNDER_ONE) else "favourable", "reasons": WORDS}

    async def done(method: str, what: str, version: int, body: dict[str, Any] | None = None) -> None:
        sent = bench.token("body-agent", "water-office") | {"If-Match": f'"{version}"'}
        answer = await client.request(method, f"/v1/cases/{header.reference}/{what}", json=body, headers=sent)
        assert answer.is_success, answer.text

    match route.method, route.path.removeprefix("/v1/cases").removeprefix("/{reference}"):
        case "PUT", "/response":
            await done("POST", "response", 1, DECISIONS["response"])
            return 2
        case _, "/closure":
            await done("POST", "information-requests", 1, DECISIONS["information-requests"])
            clock = desk.breach("supply", "citizen", "2026-03-02T10:00:00Z", "2026-03-17T23:00:00Z", "2026-03-17T23:15:00Z")
            await bench.deliver(fact("deadlines", header, 1, (clock,)))
            return 3
        case "GET", "/notes":
            await done("POST", "notes", 1, {"text": WORDS})
        case "GET", "/draft":
            await done("PUT", "draft", 0, words)
        case _, "/draft" | "/drafts":
            return 0
        case _, "/draft/submission":
            await done("PUT", "draft", 0, words)
        case _, "/draft/approval" | "/draft/return" | "/approvals":
            await done("PUT", "draft", 0, words)
            await done("POST", "draft/submission", 1)
            return 2
    return 1


def _at_desk(route: Route, header: Header, version: int) -> Scene:
    asked = {
        "/v1/cases": {"limit": "200", "territory": LISTED},
        "/v1/audit": {"reference": header.reference},
        "/v1/search": {"q": header.reference},
    }
    body = None if route.method in ("GET", "DELETE") else DECISIONS.get(route.path.rpartition("/")[2])
    if route.path in ("/v1/cases/responses", "/v1/cases/drafts", "/v1/cases/approvals"):
        words = {} if route.path.endswith("approvals") else {"outcome": "favourable", "reasons": "Done."}
        body = {"cases": [{"reference": header.reference, "version": version}], **words}
    scene = Scene(header, body, {"If-Match": f'"{version}"'}, asked.get(route.path, {}))
    if "/staff/" in route.path:
        scene.place, scene.query = {"sub": "local-body-agent"}, {"body": "water-office"}
    if "{code}" in route.path:
        scene.place = {"code": "ready", "language": "fr"}
    return scene


async def _followers(bench: Bench, client: httpx.AsyncClient, routes: list[Route]) -> list[Scene]:
    """Filed and with the office, as deadlines, notifications and stats hear of it."""
    headers = [desk.header() for _ in routes]
    told: list[Fact] = [fact("intake", header, 1, Filing(language="fr")) for header in headers]
    await bench.deliver(*told, *(fact("routing", header, 1, with_office()) for header in headers))
    return [
        Scene(header, CALENDAR if route.path.endswith("/preview") else None, query=_question(route, header), place={"code": "noria"})
        for route, header in zip(routes, headers, strict=True)
    ]


def _question(route: Route, header: Header) -> dict[str, str]:
    listed = {"procedure": "suggestion"}
    asked = {"/v1/notices": {"reference": header.reference}, "/v1/figures": {"by": "body"}, "/v1/published": listed, "/v1/report": listed}
    return asked.get(route.path, {})


def with_office() -> Case:
    return Case(status="with_body", kind="complaint", body="water-office", custody=(Custody(body="water-office", since=FILED),))


def _asked(case: Case) -> Case:
    request = Request(id=uuid4(), asked_at=FILED, lapses_at=LATER)
    return case.model_copy(update={"status": "waiting_for_citizen", "requests": (request,)})


def _answered(case: Case) -> Case:
    response = Response(id=uuid4(), outcome="favourable", body=case.body, posted_at=FILED)
    return case.model_copy(update={"status": "answered", "outcome": "favourable", "response": response, "closed_at": FILED})


def _answers(header: Header, case: Case) -> Answers:
    given: dict[str, Any] = {"response_id": case.response.id, "outcome": case.outcome, "reasons": WORDS} if case.response else {}
    requests = tuple(RequestText(id=request.id, text=WORDS) for request in case.requests)
    return Answers(version=1, complaint_id=header.id, reference=header.reference, requests=requests, **given)


def _papers(header: Header) -> Papers:
    person = Person(name=WORDS, language="fr")
    return Papers(version=1, complaint_id=header.id, reference=header.reference, person=person, subject=WORDS, narrative=WORDS)


def _extensible() -> Header:
    return desk.header(procedure="access-to-information@1", public_service=None, body="water-office")


async def _routing_and_directory(bench: Bench, client: httpx.AsyncClient, routes: list[Route]) -> list[Scene]:
    """A call about the directory is about no complaint, so none is filed for it."""
    at_desks = iter(await _routing(bench, client, [route for route in routes if not directory.has(route)]))
    scenes = [Scene(desk.header()) if directory.has(route) else next(at_desks) for route in routes]
    await directory.prepare(bench, [(route, scene) for route, scene in zip(routes, scenes, strict=True) if directory.has(route)])
    return scenes


_PREPARE: dict[str, Callable[[Bench, httpx.AsyncClient, list[Route]], Awaitable[list[Scene]]]] = {
    "intake": _intake,
    "routing": _routing_and_directory,
    "deadlines": _followers,
    "notifications": _followers,
    "stats": _followers,
}
