"""What killed test runs left behind in the folder for temporary files."""

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from deploy.local.home import Home
from deploy.local.processes import stop_leftovers

HOMES = "wasl-test-"
OLD_SECONDS = 600


def sweep(where: Path | None = None) -> None:
    """Ends what a killed run of more than ten minutes ago left behind; one sweep at a time, since each worker of a run does it."""
    where = where or Path(tempfile.gettempdir())
    with open(where / "wasl-tests.lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for folder in where.glob(f"{HOMES}*"):
            with suppress(FileNotFoundError):  # a run that has just ended takes its own away
                if folder.stat().st_mtime <= time.time() - OLD_SECONDS:
                    _clear(folder)


def _clear(folder: Path) -> None:
    # A world has its platform beside its mails, one folder below.
    homes = [Home(pids.parent) for depth in ("*/pids", "*/*/pids") for pids in folder.glob(depth)]
    if not any(home.running() for home in homes):
        for home in homes:
            stop_leftovers(home)
        shutil.rmtree(folder, ignore_errors=True)
