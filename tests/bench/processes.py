"""The processes of a run: the generator, the yardstick, and what each part of the platform has used of the machine."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from tempfile import TemporaryFile

import asyncpg
import psutil

from deploy.local.environment import SERVICES
from deploy.local.home import REPO
from deploy.local.platform import Platform
from deploy.local.ports import draw, listening
from deploy.local.processes import clean_environment
from tests.bench import yardstick
from tests.bench.jobs import Answers, Arrivals, Lives, Posts, Result

DATABASE = "yardstick"


def used(platform: Platform) -> dict[str, float]:
    """Seconds of processor time by part, since each was started; of PostgreSQL, its sessions that are open now."""
    parts = {name: [pid] for name in SERVICES if (pid := _pid(platform, name))}
    parts["kafka"] = [_recorded(platform, "kafka")]
    server = psutil.Process(_recorded(platform, "postgres"))
    parts["postgresql"] = [server.pid, *(child.pid for child in server.children())]
    return {name: sum(map(_seconds, pids)) for name, pids in parts.items()}


def memory(platform: Platform) -> dict[str, float]:
    """Resident megabytes of each service, now."""
    return {name: psutil.Process(platform.supervisor.pid(name)).memory_info().rss / 1e6 for name in SERVICES}


def _pid(platform: Platform, name: str) -> int | None:
    return platform.supervisor.pid(name) if platform.supervisor.running(name) else None


def _recorded(platform: Platform, name: str) -> int:
    pid: int = json.loads((platform.home / "pids" / f"{name}.json").read_text(encoding="utf-8"))["pid"]
    return pid


def _seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


async def generate(job: Posts | Arrivals | Lives) -> Result:
    """Runs a job in a process of its own. It answers by a file: of what a pipe does not take at once, unbuffered output loses the rest."""
    with TemporaryFile() as out:
        command = [sys.executable, "-m", "tests.bench.generator"]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=REPO, env=clean_environment(), stdin=asyncio.subprocess.PIPE, stdout=out
        )
        await process.communicate(json.dumps([type(job).__name__, asdict(job)]).encode())
        if process.returncode:
            raise RuntimeError(f"the generator ended with {process.returncode}")
        out.seek(0)
        done = json.load(out)
    return Result(**{**done, "answers": Answers(**done["answers"])})


@asynccontextmanager
async def yardstick_beside(platform: Platform) -> AsyncIterator[str]:
    """The yardstick as a process, on a database of its own in the same PostgreSQL; gives its address."""
    admin = await asyncpg.connect(platform.pg_url("postgres", "postgres", "postgresql"))
    await admin.execute(f"create database {DATABASE}")
    await admin.close()
    database = platform.pg_url(DATABASE, "postgres", "postgresql")
    owner = await asyncpg.connect(database)
    await owner.execute(yardstick.TABLE)
    await owner.close()
    (port,) = draw(1)
    command = [sys.executable, "-m", "tests.bench.yardstick", str(port)]
    process = await asyncio.create_subprocess_exec(*command, cwd=REPO, env={**os.environ, "YARDSTICK_DATABASE": database})
    try:
        while not listening(port):
            await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
