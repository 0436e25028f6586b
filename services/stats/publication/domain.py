"""Which cases are public, what is said of each, and what a report counts. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.stats.cells import Cell, cover
from shared.contracts.base import Text
from shared.contracts.directory import Directory
from shared.contracts.procedures import Procedure

NEVER = "never"
PATTERNS = {"quarter": 'YYYY-"Q"Q', "year": "YYYY"}
"""How a period is written, as PostgreSQL's to_char takes it."""


def listed(directory: Directory) -> dict[str, list[Procedure]]:
    """The procedures that list their answered cases in public: by code the versions that say so, the newest last."""
    found: dict[str, list[Procedure]] = {}
    for law in sorted(directory.procedures.values(), key=lambda law: (law.code, law.version)):
        if law.visibility.public_list != NEVER:
            found.setdefault(law.code, []).append(law)
    return found


def labels(laws: Sequence[Procedure]) -> dict[str, dict[str, Text]]:
    """The words of the outcomes, and of what the public fields may hold, by code; of two versions the newer one's."""
    found: dict[str, dict[str, Text]] = {"outcome": {}}
    for law in laws:
        found["outcome"] |= {outcome.code: outcome.label for outcome in law.outcomes}
        for one in law.form:
            if not one.private:
                found.setdefault(one.code, {}).update({option.code: option.label for option in one.options})
    return found


def public(law: Procedure | None, coded: Mapping[str, Any]) -> dict[str, Any]:
    """Of a form's coded fields those that its own version makes public."""
    return {code: value for code, value in coded.items() if law and code in law.public_fields}


@dataclass
class Counted:
    """A row of a report. outcomes: of those answered or refused."""

    n: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, status: str, outcome: str | None, n: int) -> None:
        self.n += n
        self.statuses[status] += n
        if outcome and status in ("answered", "refused"):
            self.outcomes[outcome] += n


Key = tuple[str, str | None]
"""A period and a body; None: the national desk."""


@dataclass(frozen=True)
class Report:
    """By period, and by period and body. None: counts that could point at a person; bodies that hold less than a cell are not listed."""

    periods: Mapping[str, Counted | None]
    bodies: Mapping[Key, Counted | None]


def reported(
    groups: Iterable[tuple[str, str | None, str, str | None, int]], whole: Mapping[str, int], by_body: Mapping[str, int], least: int
) -> Report:
    """`whole` and `by_body`: n of each period and each body over all procedures; `least`: the smallest n that may be shown."""
    periods: dict[str, Counted] = {}
    bodies: dict[Key, Counted] = {}
    for period, body, status, outcome, n in groups:
        for row in (periods.setdefault(period, Counted()), bodies.setdefault((period, body), Counted())):
            row.add(status, outcome, n)
    small = cover({period: Cell(row.n, whole.get(period, row.n)) for period, row in periods.items()}, least)
    unseen = small.hidden | small.dropped
    cells = {_name(key): Cell(row.n, by_body.get(key[1] or "", row.n), key[0]) for key, row in bodies.items()}
    covered = cover(cells, least)
    shown = {key: row for key, row in bodies.items() if key[0] not in unseen and _name(key) not in covered.dropped}
    return Report(
        {period: None if period in unseen else row for period, row in periods.items()},
        {key: None if _name(key) in covered.hidden else row for key, row in shown.items()},
    )


def _name(key: Key) -> str:
    return f"{key[0]}/{key[1] or ''}"
