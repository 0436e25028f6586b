"""Every route for every caller, against the committed matrix; and no route beside it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.environment import SERVICES
from tests.integration.rights.matrix import CALLERS, Cell, Route, credentials, read, secret
from tests.integration.rights.scenes import WORDS, Scene, prepare
from tests.support.apps import application
from tests.support.stores import Bench, Opener

MATRIX = read(Path(__file__).with_name("matrix.csv"))
CODES = {
    401: {"token-missing", "token-invalid"},
    403: {"role-not-allowed", "not-your-body", "not-your-absence"},
    404: {"complaint-not-found", "complaint-unknown", "case-unknown", "staff-unknown"},
    409: {"not-your-answer"},
}
ASKED_ONLY = ("/preview", "/check", "/what-if")
"""Ends of the paths of questions that are too long for an address: they write nothing."""
UNLISTED = {"/openapi.json", "/livez", "/readyz", "/metrics"}
EVERYTHING_WRITTEN = "select (select coalesce(sum(intake_version + routing_version), 0) from register), (select count(*) from outbox)"
ALSO_WRITTEN = {
    "routing": """, (select count(*) from directory_import), (select count(*) + count(decided_at) from directory_proposal),
      (select count(*) from audit where action not like 'read-%')"""
}
"""What is done at a desk and told nobody is in the audit all the same."""


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    described = set()
    for name in SERVICES:
        app = application(name)
        described |= {Route(name, method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
        # What the document does not list is the same in all, and tells of no complaint.
        assert {path for route in app.routes if (path := getattr(route, "path", None))} == UNLISTED
    assert described == set(MATRIX)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_caller_gets_what_the_matrix_says(open_store: Opener, service: str) -> None:
    bench: Bench = await open_store(service)
    rows = {route: cells for route, cells in MATRIX.items() if route.service == service}
    async with bench.client() as client:
        scenes = await prepare(bench, client, list(rows))
        assert len({scene.header.id for scene in scenes.values()}) == len(rows) * len(CALLERS)
        tried = [(route, cell, await differs(bench, client, route, cell, scenes)) for route, cells in rows.items() for cell in cells]
    assert [f"{route.method} {route.path} {cell.caller}: {found}" for route, cell, found in tried if found] == []


async def differs(bench: Bench, client: httpx.AsyncClient, route: Route, cell: Cell, scenes: dict[tuple[Route, str], Scene]) -> str:
    """What is otherwise than the matrix says; empty when nothing is. What is refused has written nothing, what is done has."""
    scene, another = scenes[route, cell.caller], scenes[route, "anonymous"]
    who = credentials(bench, cell.caller, *(secret(bench, known.header.id) for known in (scene, another)))
    everything = EVERYTHING_WRITTEN + ALSO_WRITTEN.get(route.service, "")
    before = await bench.execute(everything)
    answer = await client.request(
        route.method,
        route.path.format(**{"reference": scene.header.reference} | scene.place),
        headers=scene.headers | who,
        params=scene.query,
        json=scene.body,
    )
    wrote = await bench.execute(everything) != before
    return _difference(route, cell, answer, wrote, scene.header.reference)


def _difference(route: Route, cell: Cell, answer: httpx.Response, wrote: bool, reference: str) -> str:
    if answer.status_code != cell.status:
        return f"{answer.status_code} instead of {cell.status}: {answer.text[:200]}"
    if wrote != (answer.is_success and route.method != "GET" and cell.case and not route.path.endswith(ASKED_ONLY)):
        return f"{cell.status}, and {'something' if wrote else 'nothing'} was written"
    if answer.is_error and _code(answer) not in CODES[cell.status]:
        return f"{cell.status} with the code {_code(answer)}"
    if (WORDS in answer.text) != cell.words:
        return f"the person's words are {'there' if WORDS in answer.text else 'missing'}"
    if route.path == "/v1/cases" and answer.is_success and (reference in answer.text) != cell.case:
        return f"the case is {'listed' if reference in answer.text else 'not listed'}"
    return ""


def _code(answer: httpx.Response) -> Any:
    return answer.json()["code"] if answer.headers["content-type"] == "application/problem+json" else "(no problem document)"
