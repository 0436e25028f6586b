"""No log of a run holds a person, a secret or a token, whatever callers send; and all that they sent is proved to have left its line."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.people import Citizen, World, filing, wait

CANARY = "qanariyya-9b40"
GUESS, FORGED = f"s1.{CANARY}", f"eyJhbGciOiJFUzI1NiIsImtpZCI6ImxvY2FsLTEifQ.{CANARY}.{CANARY}"
PERSON = {"name": CANARY, "email": f"{CANARY}@example.org", "phone": "+21620987654", "language": "fr"}
TOLD_BY_UVICORN = "Invalid HTTP request received."


@pytest.fixture(scope="module")
def attacked(world: World) -> dict[str, Counter[int]]:
    """Everything that callers can do wrong around one complaint; by service how often each status was answered."""
    world.at("2026-05-04T09:00:00Z")
    citizen = world.file(subject=CANARY, narrative=CANARY, filer=PERSON)
    citizen.until(lambda page: page["due"])
    answered = {service: Counter[int]() for service in ("intake", "routing", "deadlines", "notifications")}
    for service, status in (*_with_wrong_tokens(world, citizen), *_with_wrong_requests(world, citizen)):
        answered[service][status] += 1
    for service in answered:
        _no_http(world, service)
    with _store_cut_off(world, "intake"):
        for headers in ({}, {"Authorization": f"Bearer {citizen.receipt['secret']}"}):
            answered["intake"][_filed(world, headers, subject=CANARY, narrative=CANARY, filer=PERSON)] += 1
            answered["intake"][world.get("intake", f"/v1/complaints/{citizen.reference}", citizen.link).status_code] += 1
    wait(lambda: world.get("intake", "/readyz").status_code, lambda status: status == 200)
    return answered


def _with_wrong_tokens(world: World, citizen: Citizen) -> Iterator[tuple[str, int]]:
    places = {
        "intake": "/v1/complaints/{}",
        "routing": "/v1/cases/{}",
        "deadlines": "/v1/complaints/{}/deadlines",
        "notifications": "/v1/notices?reference={}",
    }
    broken = world.platform.token("operator")[:-3] + "AAA"
    for service, place in places.items():
        for token in (GUESS, FORGED, broken, citizen.receipt["secret"] + "x", world.platform.token("operator")):
            for reference in (citizen.reference, CANARY, citizen.receipt["secret"]):
                answer = world.get(service, place.format(reference), {"Authorization": f"Bearer {token}", "Cookie": f"token={token}"})
                assert answer.status_code in (401, 403, 404), (place, answer.text)
                yield service, answer.status_code


def _with_wrong_requests(world: World, citizen: Citizen) -> Iterator[tuple[str, int]]:
    """Secrets where none belong, and bodies that are refused in each way that a body can be."""
    secret, page = citizen.receipt["secret"], f"/v1/complaints/{citizen.reference}"
    for path in (f"{page}?secret={secret}", f"/{secret}", f"/v1/complaints/{secret}/{FORGED}"):
        yield "intake", world.get("intake", path, {"traceparent": CANARY}).status_code
    for fields in ({"narrative": CANARY + "\0"}, {"territory": CANARY}, {"filer": {"email": CANARY, "language": CANARY}}, {CANARY: CANARY}):
        yield "intake", _filed(world, {}, **fields)
    yield "intake", _filed(world, {"Idempotency-Key": CANARY})
    yield "intake", _filed(world, citizen.link)
    link = {"rel": "renews", "reference": citizen.reference, "secret": GUESS}
    yield "intake", _filed(world, {}, links=[link])
    for raw in (f'{{"narrative": "{CANARY}', f'"{CANARY}"', CANARY * 30_000):
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        yield "intake", world.http.post(world.platform.url("intake") + "/v1/complaints", content=raw, headers=headers).status_code
    office = world.staff("body-agent", "water-office")
    for what, fields in (("response", {"outcome": CANARY, "reasons": CANARY}), ("assignment", {"body": CANARY, CANARY: CANARY})):
        yield "routing", office.do(citizen.reference, what, **fields).status_code


def _filed(world: World, headers: dict[str, str], **fields: Any) -> int:
    return world.post("intake", "/v1/complaints", filing(**fields), headers).status_code


def _no_http(world: World, service: str) -> None:
    """Bytes that the server itself refuses, before any of our code."""
    with socket.create_connection(("127.0.0.1", world.platform.ports[service]), timeout=10) as wire:
        wire.sendall(f"GET /{GUESS} HTTP/9.9\r\nAuthorization Bearer {FORGED}\r\n\r\n".encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 400 ")


@contextmanager
def _store_cut_off(world: World, service: str) -> Iterator[None]:
    database = f"wasl_{service}"
    asyncio.run(_as_superuser(world, f"alter database {database} allow_connections false"))
    asyncio.run(_as_superuser(world, f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"))
    try:
        yield
    finally:
        asyncio.run(_as_superuser(world, f"alter database {database} allow_connections true"))


async def _as_superuser(world: World, statement: str) -> None:
    server = await asyncpg.connect(world.platform.pg_url("postgres", "postgres", "postgresql"))
    try:
        await server.execute(statement)
    finally:
        await server.close()


def test_what_was_sent_was_refused_in_every_way_and_logged(world: World, attacked: dict[str, Counter[int]]) -> None:
    assert {400, 401, 403, 404, 413, 422, 503} <= set(attacked["intake"])
    for service, answered in attacked.items():
        lines = _lines(world, service)
        logged = Counter(line.get("status") for line in lines if line["event"] == "request")
        assert {status: n for status, n in answered.items() if logged[status] < n} == {}, service
        assert any(line["event"] == TOLD_BY_UVICORN for line in lines), service
    failed = [line for line in _lines(world, "intake") if line["event"] == "request failed"]
    assert len(failed) >= attacked["intake"][503] >= 3
    assert all("Traceback" in line["exception"] or "File " in line["exception"] for line in failed)


def test_no_log_holds_what_was_sent(world: World, attacked: dict[str, Counter[int]]) -> None:
    texts = {log.name: log.read_text(encoding="utf-8", errors="replace") for log in (world.platform.home / "logs").iterdir()}
    assert {*(f"{name}.log" for name in world.platform.services), "kafka.log", "postgres.log"} <= set(texts)
    secrets = {file.name: file.read_text(encoding="utf-8").strip() for file in (world.platform.home / "secrets").iterdir()}
    assert len(secrets) >= 15
    assert min(map(len, secrets.values())) >= 16
    unsaid = {**secrets, "canary": CANARY, "phone": PERSON["phone"], "a secret": "s1.", "a token": "eyJ", "a header": "Bearer "}
    found = {(log, what) for log, text in texts.items() for what, word in unsaid.items() if word in text}
    assert found == set()


def _lines(world: World, service: str) -> list[dict[str, Any]]:
    text = (world.platform.home / "logs" / f"{service}.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
