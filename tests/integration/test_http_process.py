"""A service's process as an operator sees it: signals, exit codes, what is in flight."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import draw

PROGRAM = """
import asyncio, sys
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

@app.get("/poison")
async def poison() -> None:
    stop(app, 3, "20 bad records in a row")

run(app, settings)
"""


class Process:
    def __init__(self, *arguments: str, port: int | None = None) -> None:
        self.port = port or draw(1)[0]
        settings = {"WASL_DATABASE_URL": "postgresql://unused/unused", "WASL_PORT": str(self.port)}
        repo = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-c", PROGRAM, *arguments]
        self.process = subprocess.Popen(command, env={**os.environ, **settings}, cwd=repo, stdout=subprocess.PIPE, text=True)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)

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
    process = Process()
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
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as wire:
        wire.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body-too-large"' in answer
