"""The committed matrix of rights, and the fifteen callers that are its columns.

A cell is the status that this caller gets. "+words" after it: the answer holds what only the filer and the desk may read; no other
cell's answer does. "-case": a list that does not name the case, or many decisions of which the one about it is refused.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from shared.runtime.ids import secret_for
from tests.support.stores import Bench

# The case is with water-office. Above it is ministry-waters; old-water-board is closed, and water-office its successor.
STAFF: dict[str, tuple[str, str | None]] = {
    "agent_own": ("body-agent", "water-office"),
    "agent_other": ("body-agent", "ministry-waters"),
    "approver_own": ("approver", "water-office"),
    "approver_other": ("approver", "commune-prima"),
    "admin_own": ("body-admin", "water-office"),
    "admin_above": ("body-admin", "ministry-waters"),
    "admin_other": ("body-admin", "ministry-towns"),
    "machine_own": ("machine", "water-office"),
    "machine_other": ("machine", "old-water-board"),
    "national_desk": ("national-desk", None),
    "auditor": ("auditor", None),
    "operator": ("operator", None),
}
CALLERS = ("anonymous", "secret_own", "secret_other", *STAFF)


class Route(NamedTuple):
    service: str
    method: str
    path: str


@dataclass(frozen=True)
class Cell:
    caller: str
    status: int
    words: bool
    case: bool


def read(file: Path) -> dict[Route, list[Cell]]:
    """Fails for a row that stands there twice or is not whole."""
    with open(file, encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    assert tuple(head) == (*Route._fields, *CALLERS)
    found = {Route(*row[:3]): [_cell(*pair) for pair in zip(CALLERS, row[3:], strict=True)] for row in rows}
    assert len(found) == len(rows)
    return found


def _cell(caller: str, text: str) -> Cell:
    return Cell(caller, int(text[:3]), words=text[3:] == "+words", case=text[3:] != "-case")


def credentials(bench: Bench, caller: str, own: str, other: str) -> dict[str, str]:
    """The header of a caller. own and other: secrets of the complaint asked about and of another one."""
    if caller == "anonymous":
        return {}
    if caller in STAFF:
        return bench.token(*STAFF[caller])
    return {"Authorization": f"Bearer {own if caller == 'secret_own' else other}"}


def secret(bench: Bench, id: UUID) -> str:
    """The secret of a complaint, made with the platform's own key: a service that took it by mistake would find it right."""
    return secret_for(bench.platform.home.secret("secret-key").encode(), id, 1)
