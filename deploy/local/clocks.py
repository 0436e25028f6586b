"""The legal clock of one platform: settled when the folder is begun, the same for every process, now and later."""

import json
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.home import Home, Refusal, replace
from shared.runtime.clock import set_file_clock


def settle(home: Home, wanted: str | None) -> str:
    """The text for WASL_CLOCK. "file" becomes a file of this folder; None is whatever the folder was begun with, at first "real".

    Raises Refusal where the folder was begun with another clock: the times in its stores belong to that one.
    """
    record = home / "clock.json"
    begun: str | None = json.loads(record.read_text(encoding="utf-8"))["clock"] if record.exists() else None
    text = wanted or begun or "real"
    if text == "file":
        text = f"file:{_file(home)}"
    if begun not in (None, text):
        raise Refusal(f"{home.path} was begun with the clock {begun}, not {text}; start it without naming a clock, or `make reset`")
    replace(record, json.dumps({"clock": text}) + "\n")
    return text


def move(home: Home, instant: str | datetime) -> None:
    """Moves the file clock of this folder in one step for all processes."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    set_file_clock(home / "clock.txt", at)


def _file(home: Home) -> Path:
    if not (home / "clock.txt").exists():
        move(home, datetime.now(UTC))
    return home / "clock.txt"
