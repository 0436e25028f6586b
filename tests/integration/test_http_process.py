"""A service's process as an operator sees it: signals, exit codes, what is in flight."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import draw

PROGRAM = """
import asyncio, sys, time
from contextlib import asynccontextmanager
from fastapi import Request
from shared.runtime.app import Readiness, create_app, run, stop
from shared.runtime.settings import Settings, load

@asynccontextmanager
async def lifespan(app):
    if "refuse" in sys.argv:
        raise RuntimeError("no")
    yield
    print("put down", flush=True)

settings = load(Settings)
app = create_app("Trial", settings, lifespan=lifespan, checks=Readiness())

@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(1)
    return "done"

@app.get("/whence")
async def whence(request: Request) -> str:
    return request.client.host

@app.get("/hold")
async def hold(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

@app.get("/crowd")
async def crowd() -> int:
    # How many connections the next turns of the loop take, of those that came while it stood still.
    before, connections = len(app.state.server.server_state.connections), app.state.server.server_state.connections
    time.sleep(1)
    for _ in range(2):  # what was ready before, then one look at the sockets
        await asyncio.sleep(0)
    return len(connections) - before

@app.get("/poison")
async def poison() -> None:
    stop(app, 3, "20 bad records in a row")

run(app, settings)
"""


class Process:
    def __init__(self, *arguments: str, port: int | None = None, places: int = 1_000) -> None:
        self.port = port or draw(1)[0]
        settings = {"WASL_DATABASE_URL": "postgresql://unused/unused", "WASL_PORT": str(self.port), "WASL_REQUESTS_AT_ONCE": str(places)}
        repo = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-c", PROGRAM, *arguments]
        self.process = subprocess.Popen(command, env={**os.environ, **settings}, cwd=repo, stdout=subprocess.PIPE, text=True)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def wait_up(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                self.get("/livez")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the process did not come up")

    def ended(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=20)
        return self.process.returncode, out


@pytest.fixture
def service() -> Iterator[Process]:
    yield from _running(Process())


@pytest.fixture
def narrow() -> Iterator[Process]:
    yield from _running(Process(places=1))


def _running(process: Process) -> Iterator[Process]:
    try:
        process.wait_up()
        yield process
    finally:
        process.process.kill()
        process.process.communicate()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish_and_ends_with_0(service: Process, sig: signal.Signals) -> None:
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(service.get, "/slow")
        time.sleep(0.4)
        service.process.send_signal(sig)
        assert slow.result().json() == "done"
    code, out = service.ended()
    assert (code, "put down" in out) == (0, True)


def test_a_connection_that_says_nothing_for_a_while_is_kept(service: Process) -> None:
    patient = httpx.Limits(keepalive_expiry=60)
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", limits=patient) as client:
        told: list[str] = []
        for _ in range(2):
            answer = client.get("/whence", extensions={"trace": lambda name, _: told.append(name)})
            assert answer.status_code == 200
            time.sleep(6)  # longer than the server's own default
    assert told.count("connection.connect_tcp.complete") == 1


def test_nobody_says_from_where_a_request_comes_but_the_socket(service: Process) -> None:
    assert service.get("/whence", **{"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}).json() == "127.0.0.1"


def test_a_service_that_stops_itself_ends_with_its_code(service: Process) -> None:
    assert service.get("/poison").status_code == 200
    code, out = service.ended()
    assert (code, "put down" in out) == (3, True)


def test_a_start_that_fails_ends_with_1() -> None:
    assert Process("refuse").ended()[0] == 1


def test_a_port_that_is_taken_ends_with_1() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        assert Process(port=holder.getsockname()[1]).ended()[0] == 1


def test_10_mb_are_answered_though_never_read(service: Process) -> None:
    with service.connected() as wire:
        wire.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body-too-large"' in answer


def test_many_who_came_at_once_are_let_in_at_once(service: Process) -> None:
    """Where one turn of the loop takes one connection, the others wait in the kernel, unseen by any bound, and are cut off in a spike."""
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        taken = pool.submit(service.get, "/crowd")
        time.sleep(0.4)
        for _ in range(40):
            stack.enter_context(service.connected())
        assert taken.result().json() >= 16


def test_beside_too_many_everybody_is_told_the_same_whichever_way_it_went(narrow: Process) -> None:
    head, body = b"POST /whence HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", b"{}"
    with narrow.connected() as wire, httpx.Client(base_url=f"http://127.0.0.1:{narrow.port}") as client:
        with narrow.connected() as holder:
            holder.sendall(b"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
            while client.get("/whence").status_code != 503:
                time.sleep(0.05)
            wire.sendall(head + body)
            at_the_door = wire.recv(65536)
            wire.sendall(head)
            time.sleep(0.2)
            wire.sendall(body)
            within = wire.recv(65536)
            assert wire.recv(65536) == b""  # parted from
            assert client.get("/livez").status_code == 200
        while client.get("/whence").status_code == 503:
            time.sleep(0.05)
        assert 'wasl_http_requests_total{method="POST",route="(none)",status="503"} 2.0' in client.get("/metrics").text
    for answer in (at_the_door, within):
        told, _, problem = answer.partition(b"\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: " in told.lower()
        assert json.loads(problem)["code"] == "busy"
