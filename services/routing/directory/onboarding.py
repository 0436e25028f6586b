"""How far the bodies have come: which are on line, how many of each family against the targets, and which never came. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from shared.contracts.base import Text
from shared.contracts.directory import BodyRecord, Directory
from shared.contracts.directory_records import Targets
from shared.contracts.procedures import Family

Logins = Mapping[str, tuple[date, date]]


@dataclass(frozen=True)
class Covered:
    """Open bodies of a family, those on line (rules may send to them, and somebody of theirs has come), and the target with its source."""

    family: str
    bodies: int
    online: int
    target: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Reached:
    """A phase of the roll-out and whether as many bodies are on line."""

    code: str
    label: Text
    target: int
    reached: bool


@dataclass(frozen=True)
class Coverage:
    bodies: int
    online: int
    families: tuple[Covered, ...]
    phases: tuple[Reached, ...]


def coverage(directory: Directory, logins: Logins) -> Coverage:
    """Every family has its row, so that one without a body on line is seen."""
    targets = directory.pack.targets if directory.pack and directory.pack.targets else Targets()
    wanted = {target.family: target for target in targets.families}
    known = [body for body in directory.bodies.values() if not body.closed_on]
    came = [body for body in known if body.online and body.id in logins]
    bodies, online = Counter(body.family for body in known), Counter(body.family for body in came)
    families = []
    for family in get_args(Family):
        target = wanted.get(family)
        families.append(
            Covered(family, bodies[family], online[family], target.bodies if target else None, target.source if target else None)
        )
    total = online.total()
    phases = tuple(Reached(phase.code, phase.label, phase.bodies, total >= phase.bodies) for phase in targets.phases)
    return Coverage(bodies.total(), total, tuple(families), phases)


def open_bodies(directory: Directory, logins: Logins, *, never: bool, family: str | None, after: str) -> Iterator[BodyRecord]:
    """Open bodies by id; `never`: only those of which nobody ever came."""
    for id in sorted(directory.bodies):
        body = directory.bodies[id]
        if id > after and not body.closed_on and not (never and id in logins) and family in (None, body.family):
            yield body
