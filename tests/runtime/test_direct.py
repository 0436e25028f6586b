"""Shortcuts past the router: what they take, what they leave to the route, and that both look the same from outside."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared.runtime import direct
from shared.runtime.app import Readiness, create_app
from shared.runtime.errors import Problem
from shared.runtime.settings import Settings

PATH = "/v1/words"


class Word(BaseModel):
    text: str


async def told(word: Word, by: str) -> Response:
    if word.text == "refused":
        raise Problem(409, "refused", "Say something else.", headers={"Retry-After": "7"})
    if word.text == "broken":
        raise ConnectionRefusedError
    return Response(word.text, 201, {"X-By": by})


def at_once(request: Request, body: bytes) -> Awaitable[Response] | None:
    try:
        return told(Word.model_validate_json(body), "shortcut")
    except ValueError:
        return None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("Trial", Settings(database_url="unused"), lifespan=lifespan, checks=Readiness())

    @app.post(PATH)
    async def route(word: Word) -> Response:
        return await told(word, "route")

    @app.post(f"{PATH}/{{book}}/first")
    async def first(book: str) -> Response:
        return await told(Word(text=book), "route")

    direct.add(app, "POST", PATH, at_once)
    direct.add(app, "POST", f"{PATH}/{{book}}/first", lambda request, body: told(Word(text=request.path_params["book"]), "shortcut"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_request_as_it_should_be_goes_past_the_router(client: httpx.AsyncClient) -> None:
    before = REGISTRY.get_sample_value("wasl_http_requests_total", {"method": "POST", "route": PATH, "status": "201"}) or 0
    answer = await client.post(PATH, json={"text": "so"})
    assert (answer.status_code, answer.text, answer.headers["x-by"]) == (201, "so", "shortcut")
    assert len(answer.headers["x-trace-id"]) == 32
    assert REGISTRY.get_sample_value("wasl_http_requests_total", {"method": "POST", "route": PATH, "status": "201"}) == before + 1


@pytest.mark.parametrize(
    ("path", "by", "status"),
    [("so/first", "shortcut", 201), ("s%C3%B4%20a/first", "shortcut", 201), ("so/a/first", None, 404)],
)
async def test_a_parameter_is_read_as_by_the_router(client: httpx.AsyncClient, path: str, by: str | None, status: int) -> None:
    answer = await client.post(f"{PATH}/{path}")
    assert (answer.status_code, answer.headers.get("x-by")) == (status, by)
    if by:
        assert answer.text == unquote(path).removesuffix("/first")


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": 1}', b"[]"])
async def test_of_any_other_the_route_says_what_is_wrong(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("invalid-json", "invalid-field")


async def test_what_only_the_route_can_read_it_still_takes(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, content=b'\xef\xbb\xbf{"text": "so"}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["x-by"]) == (201, "route")


async def test_a_problem_is_answered_and_not_logged_as_a_failure(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={"text": "refused"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "refused", "7")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_failure_is_told_as_anywhere(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={"text": "broken"})
    assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")


async def test_other_methods_of_the_path_are_the_routers(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert (await client.post(PATH, content=b"x" * 300_000)).status_code == 413
