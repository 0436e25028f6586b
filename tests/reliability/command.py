"""The commands of a service, as an operator gives them on the machine of the platform."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass

from deploy.local.home import REPO
from deploy.local.processes import clean_environment
from tests.reliability.world import World


@dataclass(frozen=True)
class Done:
    code: int
    said: str
    """Both outputs, one after the other, without the log's lines."""


async def command(world: World, service: str, *words: str) -> Done:
    """`python -m services.<service> <words>` with the service's own settings."""
    given = [sys.executable, "-m", f"services.{service}", *words]
    environment = clean_environment() | world.platform.env(service)
    done = await asyncio.to_thread(subprocess.run, given, capture_output=True, text=True, cwd=REPO, env=environment)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not (line.startswith("{") and '"event"' in line)]
    return Done(done.returncode, "\n".join(lines))
