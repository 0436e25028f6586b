"""Backups of one service's store, made and put back with PostgreSQL's own tools."""

import asyncio
import os
import subprocess
from pathlib import Path

from deploy.local.postgres import PROGRAMS
from tests.reliability.world import World


async def dump(world: World, service: str, file: Path) -> None:
    """The whole database as SQL, while the service runs."""
    await _run("pg_dump", world, service, "--clean", "--if-exists", f"--file={file}")


async def restore(world: World, service: str, file: Path) -> None:
    """Puts a dump in the place of all that is there, in one transaction. The service must be stopped."""
    await _run("psql", world, service, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={file}")


async def _run(program: str, world: World, service: str, *options: str) -> None:
    command = [str(PROGRAMS / "bin" / program), *options, f"--dbname={world.platform.pg_url(f'wasl_{service}', 'postgres', 'postgresql')}"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": ""})
    assert done.returncode == 0, done.stderr[-2000:]
