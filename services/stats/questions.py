"""What may be asked. A parameter that cannot be meant is refused, with the values that can."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.stats.shapes import BY, LEVELS, Question
from services.stats.store import Filters
from shared.contracts.directory import Directory
from shared.runtime.errors import Problem

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_PREFIX = re.compile(r"[0-9]{2,9}")
_LISTED = "Give one that intake's GET /v1/directory lists."


@dataclass(frozen=True)
class Asked:
    """A question that can be answered."""

    by: str
    level: str
    filters: Filters
    rates: bool


def check(question: Question, directory: Directory) -> Asked:
    """Raises a Problem (422 invalid-field) that names the parameter and what it may be."""
    by = _one_of("by", question.by, BY)
    if question.level is not None and by != "territory":
        raise _refused("level", "Give level with by=territory only.", ("territory",))
    level = _one_of("level", question.level or LEVELS[0], LEVELS)
    since, until = _month("from", question.since), _month("to", question.until)
    if since and until and since > until:
        raise _refused("to", "Give a month that is not before `from`.")
    _known("procedure", question.procedure, {name for law in directory.procedures.values() for name in (law.code, law.ref)})
    _known("body", question.body, directory.bodies)
    _known("public_service", question.public_service, directory.public_services)
    _check_territory(question.territory, directory)
    filters = Filters(since, until, question.procedure, question.body, question.public_service, question.territory)
    return Asked(by, level, filters, question.rates)


def _one_of(field: str, value: str | None, allowed: Collection[str]) -> str:
    if value is None or value not in allowed:
        raise _refused(field, f"Give {field} as one of: {', '.join(allowed)}.", allowed)
    return value


def _month(field: str, value: str | None) -> date | None:
    """Whole months only: windows that differ by a day would show what was filed on that day."""
    if value is None:
        return None
    if not _MONTH.fullmatch(value) or value < "0001":
        raise _refused(field, "Give a month of filing as YYYY-MM; a smaller part of time is not published.")
    return date.fromisoformat(f"{value}-01")


def _known(field: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        few = sorted(known) if len(known) <= 20 else ()
        raise _refused(field, f"Give one of: {', '.join(few)}." if few else _LISTED, few)


def _check_territory(prefix: str | None, directory: Directory) -> None:
    if prefix is None:
        return
    if not _PREFIX.fullmatch(prefix) or not any(code.startswith(prefix) for code in directory.territories):
        raise _refused("territory", f"Give the first 2 to 9 digits of a territory's code. {_LISTED}")


def _refused(field: str, detail: str, allowed: Collection[str] = ()) -> Problem:
    """`allowed` is listed only where the whole list is short."""
    extra: dict[str, Any] = {"allowed": list(allowed)} if allowed else {}
    return Problem(422, "invalid-field", detail, field=field, **extra)
