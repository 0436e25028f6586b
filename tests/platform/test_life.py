"""Starting, starting again, and what is left after a kill."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local import clocks
from deploy.local.home import REPO, Home, Refusal
from deploy.local.platform import Platform
from deploy.local.ports import demand
from deploy.local.processes import clean_environment
from shared.messaging import topics
from tests.support.own_postgres import OwnPostgres, own_postgres


def test_a_second_instance_says_that_the_first_runs(own: Platform) -> None:
    with pytest.raises(Refusal, match="already runs"):
        Platform(own.home.path, services=False).start()
    assert own.kafka.running()
    assert own.postgres.running()


def test_a_taken_port_is_named_with_its_holder(own: Platform) -> None:
    with pytest.raises(Refusal, match=rf"port {own.ports['postgres']}, for a trial, is taken by process \d+ \(postgres\)"):
        demand(own.ports["postgres"], "a trial")


def test_secrets_are_for_their_owner_only(own: Platform) -> None:
    for path in [*(own.home / "secrets").iterdir(), own.home / "kafka" / "server.properties", own.home / "issuer" / "key.pem"]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_attached_platform_has_the_same_settings(own: Platform) -> None:
    attached = Platform.attach(own.home.path)
    assert attached.env("stats") == own.env("stats")
    assert attached.kafka_bootstrap == own.kafka_bootstrap


def test_a_service_is_told_nothing_of_another(own: Platform) -> None:
    secrets = {path.read_text(encoding="utf-8") for path in (own.home / "secrets").iterdir()}
    told = {service: {s for s in secrets if any(s in value for value in own.env(service).values())} for service in ("stats", "routing")}
    assert told["stats"] == {own.home.secret("postgres-stats_app"), own.kafka_password("stats")}
    assert not told["stats"] & told["routing"]


def test_the_clock_of_a_folder_is_settled_once(platform_folder: Path) -> None:
    home = Home(platform_folder / "clock")
    home.prepare()
    sim = "sim:2026-03-01T08:00:00Z,1790000000,86400"
    assert clocks.settle(home, sim) == sim
    assert clocks.settle(home, None) == sim
    with pytest.raises(Refusal, match="begun with the clock sim"):
        clocks.settle(home, "real")


def test_a_disk_with_too_little_room_is_refused(own: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.home.NEEDED_BYTES", 1 << 60)
    with pytest.raises(Refusal, match="MB are free"):
        own.home.check_space()


START = """
import pathlib, sys, time
from deploy.local.platform import Platform
Platform(pathlib.Path(sys.argv[1]), services=False).start()
print("up", flush=True)
time.sleep(600)
"""


@pytest.fixture
def elsewhere(platform_folder: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A platform that another process runs."""
    folder = platform_folder / "killed"
    first = subprocess.Popen([sys.executable, "-c", START, str(folder)], stdout=subprocess.PIPE, cwd=REPO, env=clean_environment())
    assert first.stdout is not None
    with first.stdout as answer:
        assert answer.readline() == b"up\n"
    yield folder, first
    first.kill()
    first.wait()


async def test_a_killed_platform_starts_again_on_its_data(elsewhere: tuple[Path, subprocess.Popen[bytes]]) -> None:
    folder, first = elsewhere
    left = {path.stem: psutil.Process(json.loads(path.read_text())["pid"]) for path in (folder / "pids").iterdir()}
    attached = Platform.attach(folder)
    ids = topics.topic_ids(attached.kafka_bootstrap, "stats", attached.kafka_password("stats"), ["complaints-intake"])
    await _mark(attached)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert {name for name, process in left.items() if process.is_running()} == {"kafka", "postgres"}

    said: list[str] = []
    with Platform(folder, services=False, say=said.append) as again:
        assert said[0] == "stopped what a killed platform had left running: kafka, postgres"
        assert not any(process.is_running() for process in left.values())
        assert topics.topic_ids(again.kafka_bootstrap, "stats", again.kafka_password("stats"), ["complaints-intake"]) == ids
        connection = await asyncpg.connect(again.pg_url("wasl_stats", "stats_app", "postgresql"))
        assert await connection.fetchval("select word from mark") == "kept"
        await connection.close()


async def _mark(platform: Platform) -> None:
    connection = await asyncpg.connect(platform.pg_url("wasl_stats", "stats_owner", "postgresql"))
    await connection.execute("create table mark (word text); insert into mark values ('kept')")
    await connection.close()


@pytest.fixture
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


async def test_a_server_killed_alone_starts_again_though_a_session_of_its_own_is_still_at_work(server: OwnPostgres) -> None:
    session = await asyncpg.connect(server.url())
    await session.execute("set statement_timeout = '30s'")
    at_work = asyncio.create_task(session.execute("do $$ begin loop end loop; end $$"))
    await asyncio.sleep(0.2)
    server.kill_alone()
    assert not at_work.done()
    await asyncio.to_thread(server.start)
    with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
        await at_work
    again = await asyncpg.connect(server.url())
    assert await again.fetchval("select 1") == 1
    await again.close()
