"""Child processes that leave a trace, so that what a killed platform left behind is found and stopped at the next start."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from deploy.local.home import REPO, Home, Refusal, replace, tail

LOG_BYTES = 20 << 20  # a longer log is put aside at the next start; one older is kept
ENDING = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class Child:
    """One process with its log; its id and start time are on record under pids/ while it runs."""

    def __init__(
        self, home: Home, name: str, command: Sequence[str], env: Mapping[str, str] | None = None, user: str | None = None
    ) -> None:
        self.name, self.command, self.user = name, list(command), user
        self.env = {**clean_environment(), **(env or {})}
        self.log = home / "logs" / f"{name}.log"
        self._record = home / "pids" / f"{name}.json"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """In a session of its own: the terminal's Ctrl-C reaches only the platform, which stops its children in order."""
        as_user: dict[str, object] = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd="/" if self.user else REPO,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_user,  # type: ignore[call-overload]
            )
        started = psutil.Process(self._process.pid).create_time()
        replace(self._record, json.dumps({"pid": self._process.pid, "started": started}))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; below zero when a signal ended it."""
        return self._process.poll() if self._process else None

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Returns once `ready` holds; raises Refusal with the log's end when the process dies first or the time is over."""
        until = time.monotonic() + seconds
        while not ready():
            if not self.running():
                raise Refusal(f"{self.name} ended at its start (exit code {self.exit_code()}); the end of {self.log}:\n{tail(self.log)}")
            if time.monotonic() > until:
                raise Refusal(f"{self.name} is not ready after {seconds:.0f} s; the end of {self.log}:\n{tail(self.log)}")
            time.sleep(0.03)

    def send(self, sig: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(sig)

    def kill(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """Sends the signal and, where it is one that ends a process, waits for the end."""
        self.send(sig)
        if self._process is not None and sig in ENDING:
            self._process.wait()

    def stop(self, sig: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
        if self._process is not None:
            self.send(sig)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._record.unlink(missing_ok=True)


def clean_environment() -> dict[str, str]:
    """The caller's environment without its own WASL_ settings: a process gets exactly those it is given."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WASL_")}
    return kept | {"PYTHONUNBUFFERED": "1"}


def stop_leftovers(home: Home) -> list[str]:
    """Stops what a killed platform left running here; a process is ours only if its id *and* its start time are those on record.

    A record may vanish meanwhile: who ends a process in order, or sweeps at the same moment, takes it away.
    """
    left = {path.stem: found for path in (home / "pids").glob("*.json") if (found := _ours(path))}
    for name in sorted(left, key=lambda name: ("kafka", "postgres").index(name) if name in ("kafka", "postgres") else -1):
        _end(left[name], signal.SIGINT if name == "postgres" else signal.SIGTERM)
    for path in (home / "pids").glob("*.json"):
        path.unlink(missing_ok=True)
    return sorted(left)


def _ours(record: Path) -> psutil.Process | None:
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        process = psutil.Process(known["pid"])
        return process if abs(process.create_time() - known["started"]) < 0.01 else None
    except (psutil.NoSuchProcess, FileNotFoundError, ValueError, KeyError):
        return None


def _end(process: psutil.Process, sig: signal.Signals) -> None:
    try:
        process.send_signal(sig)
        process.wait(15)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        pass
