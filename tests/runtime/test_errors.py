"""Problems over a real app, from raw bytes."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Query
from pydantic import BaseModel, model_validator
from sqlalchemy.exc import DBAPIError
from starlette.responses import StreamingResponse

from shared.runtime import errors
from shared.runtime.body import BodyGuard
from shared.runtime.errors import Problem
from shared.runtime.preconditions import IdempotencyKey, IfMatch, demand_version
from shared.runtime.text import Clean

VALUE = "fatima@example.ma"


class Person(BaseModel):
    name: Annotated[str, Clean(20)]
    age: int = 0
    kind: str = "citizen"

    @model_validator(mode="after")
    def never_this(self) -> "Person":
        if self.kind == VALUE:
            raise ValueError(f"cannot be {self.kind}")
        return self


class Filing(BaseModel):
    person: Person
    coded: dict[str, str | int | float] = {}
    tags: list[Annotated[str, Clean(6)]] = []


RAISED: dict[str, Exception] = {
    "refused": ConnectionRefusedError(111, "refused"),
    "killed": DBAPIError("insert", {"email": VALUE}, asyncpg.PostgresError.new({"C": "57P01", "M": "shut down"})),
    "nul": DBAPIError("insert", {"email": VALUE}, asyncpg.PostgresError.new({"C": "22021", "M": "0x00"})),
    "bug": KeyError(VALUE),
    "problem": Problem(409, "case-open", "Close the case first.", field="status", headers={"X-Of": "it"}, since="2026-03-01"),
}


def make_app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(BodyGuard)
    errors.install(app)

    @app.post("/filings")
    async def file(filing: Filing, limit: Annotated[int, Query(le=200)] = 50) -> Filing:
        return filing

    @app.get("/raise/{what}")
    async def fail(what: str) -> None:
        raise RAISED[what]

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"begun"
            raise KeyError(VALUE)

        return StreamingResponse(parts())

    @app.put("/filings/{reference}")
    async def change(reference: str, key: IdempotencyKey, version: IfMatch) -> str:
        demand_version(version, 4)
        return str(key)

    return app


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app()), base_url="http://test") as client:
        yield client


async def post(client: httpx.AsyncClient, body: bytes, content_type: str | None = "application/json") -> httpx.Response:
    headers = {"content-type": content_type} if content_type else {}
    return await client.post("/filings", content=body, headers=headers)


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code), document
    assert document["type"] == f"urn:wasl:problem:{code}"
    assert document["title"]
    assert document["detail"].endswith(".")
    return document


async def test_a_good_filing_passes(client: httpx.AsyncClient) -> None:
    answer = await post(client, '{"person": {"name": " فاطمة 👪 \\u0641 \\ud83d\\udc6a "}, "tags": ["NaN", "1e999", "\\\\u0000"]}'.encode())
    assert answer.status_code == 200, answer.text
    assert answer.json()["person"]["name"] == "فاطمة 👪 ف 👪"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "person"),
        ({"person": {}}, "person.name"),
        ({"person": {"name": ""}}, "person.name"),
        ({"person": {"name": VALUE * 2}}, "person.name"),
        ({"person": {"name": "x", "age": VALUE}}, "person.age"),
        ({"person": {"name": "x", "kind": VALUE}}, "person"),
        ({"person": VALUE}, "person"),
        ({"person": {"name": "x"}, "coded": {VALUE: [VALUE]}}, "coded.….str"),
        ({"person": {"name": "x"}, "tags": ["good", "too long"]}, "tags.1"),
        ([VALUE], "body"),
    ],
)
async def test_a_field_that_does_not_fit_is_named_and_its_value_never_repeated(client: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await post(client, json.dumps(body).encode())
    document = is_problem(answer, 422, "invalid-field")
    assert document["field"] == document["errors"][0]["field"] == field
    assert all(error["message"] for error in document["errors"])
    assert VALUE not in answer.text
    assert "fatima" not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"person": {"name": "a\u0000"}}', "person.name"),
        (rb'{"person": {"name": "\ud800"}}', "person.name"),
        (rb'{"person": {"name": "\udc6a\ud83d"}}', "person.name"),
        (rb'{"person": {"name": "x"}, "coded": {"a": "\uDfff"}}', "coded.a"),
        (rb'{"person": {"name": "x"}, "coded": {"\u0000": 1}}', "coded"),
        (rb'{"person": {"name": "x"}, "tags": ["a", "\ud83d\ud83d"]}', "tags.1"),
        (rb'{"person": {"name": "x"}, "unknown": {"deep": ["\u0000"]}}', "unknown.deep.0"),
    ],
)
async def test_text_that_no_store_can_hold_is_named(client: httpx.AsyncClient, body: bytes, field: str) -> None:
    assert is_problem(await post(client, body), 422, "invalid-text")["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"person": {"name": "\xed\xa0\x80"}}',  # a surrogate in UTF-8, which json.loads takes
        '{"person": {"name": "x"}}'.encode("utf-16"),  # which json.loads takes too
        b'{"person": {"name": "x", "age": NaN}}',
        b'{"person": {"name": "x"}, "coded": {"a": -Infinity}}',
        b'{"person": {"name": "x"}, "coded": {"a": 1e999}}',
        b'{"person": {"name": "x"}, "coded": {"a": ' + b"9" * 5000 + b"}}",
        b'{"person":' * 20_000,
        b'{"person": {"name": "a\x00"}}',
    ],
)
async def test_what_is_not_json_is_called_so(client: httpx.AsyncClient, body: bytes) -> None:
    is_problem(await post(client, body), 400, "invalid-json")


async def test_a_body_of_another_type_is_called_so(client: httpx.AsyncClient) -> None:
    for content_type in ("text/plain", None):
        is_problem(await post(client, b'{"person": {"name": "x"}}', content_type), 415, "unsupported-media-type")


async def test_nul_in_a_path_query_or_form_is_refused(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/filings/%00"), 422, "invalid-text")
    is_problem(await client.get("/filings/x?q=%00"), 422, "invalid-text")
    is_problem(await post(client, b"name=%00", "application/x-www-form-urlencoded"), 422, "invalid-text")


async def test_a_query_that_does_not_fit_names_its_parameter(client: httpx.AsyncClient) -> None:
    answer = await client.post("/filings?limit=201", json={"person": {"name": "x"}})
    assert is_problem(answer, 422, "invalid-field")["field"] == "limit"


async def test_no_such_address_and_no_such_method(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/nowhere"), 404, "not-found")
    answer = await client.get("/filings")
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_problem_keeps_its_field_headers_and_more(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/problem")
    document = is_problem(answer, 409, "case-open")
    assert (document["field"], document["since"], answer.headers["x-of"]) == ("status", "2026-03-01", "it")


@pytest.mark.parametrize("what", ["refused", "killed"])
async def test_a_store_that_is_away_is_503_and_worth_another_try(client: httpx.AsyncClient, what: str) -> None:
    answer = await client.get(f"/raise/{what}")
    is_problem(answer, 503, "store-unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_text_that_only_the_store_refused_is_still_the_callers(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/raise/nul"), 422, "invalid-text")


async def test_anything_else_tells_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/bug")
    is_problem(answer, 500, "internal")
    assert "KeyError" not in answer.text
    assert VALUE not in answer.text


async def test_a_failure_after_the_answer_began_is_no_second_answer(client: httpx.AsyncClient) -> None:
    with pytest.raises(KeyError):
        await client.get("/stream")


KEY = "0193e3a0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"If-Match": '"4"'}, 400, "idempotency-key-missing"),
        ({"If-Match": '"4"', "Idempotency-Key": "x"}, 400, "idempotency-key-invalid"),
        ({"Idempotency-Key": KEY}, 428, "if-match-missing"),
        ({"Idempotency-Key": KEY, "If-Match": "4"}, 400, "if-match-invalid"),
        ({"Idempotency-Key": KEY, "If-Match": 'W/"4"'}, 400, "if-match-invalid"),
        ({"Idempotency-Key": KEY, "If-Match": '"3"'}, 412, "version-stale"),
    ],
)
async def test_commands_need_their_headers(client: httpx.AsyncClient, headers: dict[str, str], status: int, code: str) -> None:
    document = is_problem(await client.put("/filings/x", headers=headers), status, code)
    assert document.get("version") == (4 if status == 412 else None)


async def test_commands_with_their_headers_pass(client: httpx.AsyncClient) -> None:
    answer = await client.put("/filings/x", headers={"Idempotency-Key": KEY.upper(), "If-Match": '"4"'})
    assert (answer.status_code, answer.json()) == (200, KEY)


def test_the_schema_says_that_the_headers_are_required() -> None:
    operation = make_app().openapi()["paths"]["/filings/{reference}"]["put"]
    assert {p["name"].lower(): p["required"] for p in operation["parameters"]} == {
        "reference": True,
        "idempotency-key": True,
        "if-match": True,
    }
