"""The shell that all services share, called as an ASGI server calls it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel

from shared.runtime import logs
from shared.runtime.app import Readiness, create_app
from shared.runtime.body import LIMIT
from shared.runtime.settings import Settings
from shared.runtime.trace import current_trace_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
READINESS = Readiness("store", "log")


class Body(BaseModel):
    text: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


def make_app() -> FastAPI:
    app = create_app("Trial", Settings(database_url="unused"), lifespan=lifespan, checks=READINESS)
    inner = APIRouter(prefix="/complaints/{reference}")

    @inner.post("/papers/{number}")
    async def papers(reference: str, number: int, body: Body) -> dict[str, Any]:
        logs.bind_reference(reference)
        return {"length": len(body.text), "trace": current_trace_id()}

    outer = APIRouter(prefix="/v1")
    outer.include_router(inner)
    app.include_router(outer)
    return app


APP = make_app()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://test") as client:
        yield client


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    out = io.StringIO()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(out),
    )
    yield out
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


async def test_a_process_that_answers_is_alive(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200


async def test_ready_only_when_every_check_is_and_else_it_says_what_is_missing(client: httpx.AsyncClient) -> None:
    READINESS.set("log", False, "kafka: not reached or login refused (user trial)")
    answer = await client.get("/readyz")
    reasons = {"store": "not checked yet", "log": "kafka: not reached or login refused (user trial)"}
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": reasons})
    for name in ("store", "log"):
        READINESS.set(name, True)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": {}})


async def test_each_request_is_counted_by_its_whole_template(client: httpx.AsyncClient) -> None:
    labels = {"method": "POST", "route": "/v1/complaints/{reference}/papers/{number}"}
    before = REGISTRY.get_sample_value("wasl_http_requests_total", {**labels, "status": "200"}) or 0
    await client.post("/v1/complaints/7KQ4/papers/1?secret=s1.hunter2", json={"text": "x"})
    assert REGISTRY.get_sample_value("wasl_http_requests_total", {**labels, "status": "200"}) == before + 1
    assert REGISTRY.get_sample_value("wasl_http_request_seconds_count", labels) == before + 1
    shown = (await client.get("/metrics")).text
    assert "wasl_http_requests_total{" in shown
    assert "7KQ4" not in shown


async def test_odd_methods_and_unknown_paths_make_no_new_series(client: httpx.AsyncClient) -> None:
    for n in range(3):
        await client.request(f"ODD{n}", f"/nowhere/{n}")
    series = {
        sample.labels["method"] + sample.labels["route"] for f in REGISTRY.collect() for sample in f.samples if "route" in sample.labels
    }
    assert "other(none)" in series
    assert not any("ODD" in one or "nowhere" in one for one in series)


async def test_the_access_line_names_the_route_and_the_complaint_and_nothing_secret(client: httpx.AsyncClient, lines: io.StringIO) -> None:
    await client.post("/v1/complaints/7KQ4/papers/1?secret=s1.hunter2", json={"text": "x"})
    line = json.loads(lines.getvalue())
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "method": "POST",
        "route": "/v1/complaints/{reference}/papers/{number}",
        "status": 200,
        "reference": "7KQ4",
    }


async def test_one_requests_reference_is_not_the_next_ones(client: httpx.AsyncClient, lines: io.StringIO) -> None:
    await client.post("/v1/complaints/7KQ4/papers/1", json={"text": "x"})
    await client.post("/v1/complaints/0000/papers/none", json={"text": "x"})
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["reference"], second.get("reference")) == ("7KQ4", None)


async def test_the_callers_trace_goes_on_and_is_told(client: httpx.AsyncClient) -> None:
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    answer = await client.post("/v1/complaints/x/papers/1", json={"text": "x"}, headers=headers)
    assert answer.headers["x-trace-id"] == answer.json()["trace"] == TRACE
    for path in ("/nowhere", "/livez"):
        assert len((await client.get(path)).headers["x-trace-id"]) == 32


async def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(client: httpx.AsyncClient) -> None:
    room = LIMIT - len(b'{"text":""}')
    for extra, status in ((0, 200), (1, 413)):
        body = b'{"text":"' + b"x" * (room + extra) + b'"}'
        answer = await client.post("/v1/complaints/x/papers/1", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status
    assert (answer.json()["code"], answer.headers["connection"]) == ("body-too-large", "close")


class Wire:
    """A client's connection: hands out chunks, counts those taken, keeps what comes back."""

    def __init__(self, chunks: int, size: int) -> None:
        self.left, self.size, self.taken, self.sent = chunks, size, 0, list[Any]()

    async def receive(self) -> dict[str, Any]:
        self.taken += 1
        if not self.left:
            return {"type": "http.disconnect"}
        self.left -= 1
        return {"type": "http.request", "body": b" " * self.size, "more_body": True}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/complaints/x/papers/1",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), *headers],
        "client": None,
        "server": None,
    }


async def test_a_declared_10_mb_is_refused_before_a_byte_is_read() -> None:
    wire = Wire(1000, 10_000)
    await APP(scope((b"content-length", b"10000000")), wire.receive, wire.send)
    assert (wire.sent[0]["status"], wire.taken) == (413, 0)


async def test_an_undeclared_body_is_read_to_the_limit_and_no_further() -> None:
    wire = Wire(1000, 64 * 1024)
    await APP(scope((b"transfer-encoding", b"chunked")), wire.receive, wire.send)
    assert (wire.sent[0]["status"], wire.taken) == (413, LIMIT // (64 * 1024) + 1)


async def test_a_caller_who_goes_away_in_the_middle_gets_nothing_and_harms_nothing() -> None:
    wire = Wire(2, 10)
    async with asyncio.timeout(5):
        await APP(scope((b"content-length", b"1000")), wire.receive, wire.send)
    assert wire.sent == []


def test_the_schema_speaks_of_problems_and_leaves_the_probes_out() -> None:
    schema = APP.openapi()
    assert list(schema["paths"]) == ["/v1/complaints/{reference}/papers/{number}"]
    answers = schema["paths"]["/v1/complaints/{reference}/papers/{number}"]["post"]["responses"]
    assert set(answers) == {"200", "default"}
    assert "application/problem+json" in answers["default"]["content"]
