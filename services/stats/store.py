"""All SQL of stats. Statements stand in queries.sql by name; the name of the fact table is a parameter."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stats.domain import FactRow
from services.stats.models import COLUMNS, FACTS
from shared.runtime.db import copy, quick

KEYS = {"body": "f.body", "public_service": "f.public_service", "month": "to_char(f.month, 'YYYY-MM')", "territory": "place.key"}
"""What a row of the figures is about, by dimension."""

_PLACE = "left join unnest(cast(:codes as text[]), cast(:places as text[])) as place (code, key) on place.code = f.territory"


@dataclass(frozen=True)
class Filters:
    """Months are given by their first day, both ends included; procedure is a code or code@version, territory a prefix."""

    since: date | None = None
    until: date | None = None
    procedure: str | None = None
    body: str | None = None
    public_service: str | None = None
    territory: str | None = None


@dataclass(frozen=True)
class Counts:
    """One row of the figures. key "" is the row without one: of bodies, the national desk.

    judged: answered with a clock, so that in time or not can be said.
    """

    key: str
    n: int
    open: int
    answered: int
    refused: int
    withdrawn: int
    lapsed: int
    overdue_open: int
    in_time: int
    judged: int
    entered_late: int
    rated: int
    satisfied: int
    median_days: int | None


@dataclass(frozen=True)
class Published:
    """An answered case as it may be listed: months, codes and no reference. beside: listed cases of its territory, itself included."""

    procedure: str
    body: str | None
    public_service: str | None
    territory: str
    filed: date
    answered: date
    outcome: str | None
    coded: Mapping[str, Any]
    token: str
    beside: int


@dataclass(frozen=True)
class Group:
    """Cases that share a period of filing, a body, a status and an outcome."""

    period: str
    body: str | None
    status: str
    outcome: str | None
    n: int


async def upsert(conn: AsyncConnection, rows: Sequence[FactRow], table: str = FACTS) -> None:
    """Writes these rows, one statement for all; at most one a complaint."""
    if rows:
        await quick(conn, _upsert(table), {name: [getattr(row, name) for row in rows] for name in COLUMNS})


async def bring(conn: AsyncConnection, rows: Iterable[tuple[Any, ...]], table: str = FACTS) -> None:
    """Rows as the values of COLUMNS, of complaints that have none yet."""
    await copy(conn, table, list(COLUMNS), rows)


async def made_too_early(conn: AsyncConnection, procedures: Sequence[str], zone: str, table: str = FACTS) -> list[UUID]:
    """Complaints whose row was made before its procedure, now known, had been read, or under another time zone."""
    statement = _statement("made_too_early", table=table)
    return list((await conn.execute(statement, {"procedures": list(procedures), "zone": zone})).scalars())


async def newly_parked(conn: AsyncConnection, live: str, rebuilt: str) -> list[str]:
    """Where the records stand that a rebuild could not take and the live consumer could, at most ten."""
    statement = _statement("newly_parked", table="dead_letters", live=live, rebuilt=rebuilt)
    return list((await conn.execute(statement)).scalars())


async def discard_again(conn: AsyncConnection, live: str, rebuilt: str) -> None:
    """What an operator has thrown away stays so in a rebuilt slot."""
    await conn.execute(_statement("discard_again", table="dead_letters", live=live, rebuilt=rebuilt))


async def figures(
    conn: AsyncConnection, by: str, filters: Filters, now: datetime, today: date, places: Mapping[str, str], table: str = FACTS
) -> list[Counts]:
    """Rows in the order of their keys. `places` rolls territories up (territory → key of its row) and is read by territory alone."""
    given = {"now": now, "today": today, **vars(filters), **_places(by, places)}
    return [Counts(**row) for row in (await conn.execute(_by("figures", by, table), given)).mappings()]


async def totals(conn: AsyncConnection, by: str, places: Mapping[str, str], table: str = FACTS) -> dict[str, int]:
    """n of each row without any filter."""
    return {row.key: row.n for row in await conn.execute(_by("totals", by, table), _places(by, places))}


async def published(
    conn: AsyncConnection, procedures: Sequence[str], after: tuple[date, str] | None, most: int, table: str = FACTS
) -> list[Published]:
    """Answered cases of these versions of procedures, by month of the answer, newest first, beyond (month, token)."""
    month, token = after or (None, None)
    given = {"procedures": list(procedures), "month": month, "token": token, "most": most}
    rows = (await conn.execute(_statement("published", table=table), given)).mappings()
    return [Published(**(dict(row) | {"coded": json.loads(row["coded"] or "{}")})) for row in rows]


async def report(conn: AsyncConnection, procedures: Sequence[str], pattern: str, table: str = FACTS) -> list[Group]:
    """Cases of these versions of procedures by the period of their filing (a pattern of to_char), body, status and outcome."""
    rows = await conn.execute(_statement("report", table=table), {"procedures": list(procedures), "pattern": pattern})
    return [Group(**row) for row in rows.mappings()]


async def filed_by_period(conn: AsyncConnection, pattern: str, table: str = FACTS) -> dict[str, int]:
    """n of each period over all procedures."""
    return {row.period: row.n for row in await conn.execute(_statement("filed_by_period", table=table), {"pattern": pattern})}


def _places(by: str, places: Mapping[str, str]) -> dict[str, list[str]]:
    return {"codes": list(places), "places": list(places.values())} if by == "territory" else {}


def _by(name: str, by: str, table: str) -> TextClause:
    return _statement(name, table=table, key=KEYS[by], place=_PLACE if by == "territory" else "")


@cache
def _upsert(table: str) -> TextClause:
    names = list(COLUMNS)
    return _statement(
        "upsert",
        table=table,
        columns=", ".join(names),
        arrays=", ".join(f"cast(:{name} as {type}[])" for name, type in COLUMNS.items()),
        updates=", ".join(f"{name} = excluded.{name}" for name in names[1:]),
        old=", ".join(f"f.{name}" for name in names[1:]),
        new=", ".join(f"excluded.{name}" for name in names[1:]),
    )


@cache
def _statement(name: str, *, table: str, **parts: str) -> TextClause:
    if not re.fullmatch(r"[a-z_0-9]+", table):
        raise ValueError(f"{table} is no table name")
    return text(_queries()[name].format(table=table, **parts))


@cache
def _queries() -> dict[str, str]:
    """Queries by name, without their comments."""
    source = Path(__file__).with_name("queries.sql").read_text(encoding="utf-8")
    found = re.split(r"^-- name: (\w+)\n", source, flags=re.MULTILINE)[1:]
    bare = [re.sub(r"^\s*--.*\n", "", sql, flags=re.MULTILINE) for sql in found[1::2]]
    return dict(zip(found[::2], bare, strict=True))
