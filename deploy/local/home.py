"""The folder of one platform: its lock, its secrets, its ports and where everything else lies."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
NEEDED_BYTES = 1 << 30


class Refusal(RuntimeError):
    """The platform cannot start or go on; the message says why and what to do next."""


class Home:
    """`.wasl/` in the repository, or the folder that WASL_HOME names."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = (path or Path(os.environ.get("WASL_HOME") or REPO / ".wasl")).expanduser().resolve()

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def prepare(self) -> None:
        """Makes the folders. People's data may lie below: nobody else can list them (PostgreSQL's own user may pass through)."""
        for folder, mode in ((self.path, 0o711), (self / "secrets", 0o700), (self / "logs", 0o700), (self / "pids", 0o700)):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)

    def check_space(self) -> None:
        """Raises Refusal where less than 1 GiB is free: PostgreSQL and Kafka stop hard on a full disk."""
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise Refusal(
                f"only {free >> 20} MB are free under {self.path}, 1024 MB are needed; free some space, or set WASL_HOME to another disk"
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the folder for this process; the kernel lets go of it however the process ends."""
        with open(self / "lock", "a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refusal(f"a platform already runs in {self.path} (process {self.holder()}); stop it with Ctrl-C there") from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def holder(self) -> str:
        """The id of the process that last held the folder."""
        return (self / "lock").read_text(encoding="utf-8").strip() or "unknown"

    def running(self) -> bool:
        """Whether a platform holds this folder now."""
        try:
            with open(self / "lock", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False

    def secret(self, name: str) -> str:
        """A secret of this platform, drawn at first use and kept in a file that only its owner reads (0600)."""
        path = self / "secrets" / name
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path.read_text(encoding="utf-8")

    def state(self) -> dict[str, Any]:
        """What the platform chose once and keeps: its ports, its clock."""
        try:
            state: dict[str, Any] = json.loads((self / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return state

    def remember(self, **values: Any) -> None:
        replace(self / "state.json", json.dumps(self.state() | values, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner reads; it never stands there with wider rights or half written."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.rename(path)


def replace(path: Path, text: str) -> None:
    """Puts the text there in one step: a reader sees the old or the new, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)


def disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"
