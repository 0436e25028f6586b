"""SQL of the people at the desks: who was seen, in which unit, who stands for whom. The national desk's body is the empty text."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.db import quick

_MEET = text("""
    insert into staff as s (body, sub, role, first_at, last_at) values (:body, :sub, :role, :now, :now)
    on conflict (body, sub) do update set role = excluded.role, last_at = greatest(s.last_at, excluded.last_at)""")
_STANDS_FOR = text("select sub from staff_absence where body = :body and deputy = :sub and since <= :now and :now < until order by sub")
_UNIT = text("select unit from staff where body = :body and sub = :sub")
_KNOWN = text("select 1 from staff where body = :body and sub = :sub")
_LIST = text("""
    select s.sub, nullif(s.body, '') as body, s.role, s.unit, s.last_at, a.deputy, a.until as absent_until
    from staff s left join staff_absence a on a.body = s.body and a.sub = s.sub and a.since <= :now and :now < a.until
    where cast(:bodies as text[]) is null or s.body = any(cast(:bodies as text[])) order by s.body, s.sub limit :limit""")
_SET_UNIT = text("update staff set unit = :unit where body = :body and sub = :sub")
_SET_ABSENCE = text("""
    insert into staff_absence (body, sub, deputy, since, until) values (:body, :sub, :deputy, :since, :until)
    on conflict (body, sub) do update set deputy = excluded.deputy, since = excluded.since, until = excluded.until""")
_ASSIGN = text("""
    insert into desk_assignee (complaint_id, body, sub, unit, at) values (:id, :body, :sub, :unit, :at)
    on conflict (complaint_id) do update set body = excluded.body, sub = excluded.sub, unit = excluded.unit, at = excluded.at""")
_UNASSIGN = text("delete from desk_assignee where complaint_id = :id")
_HAND_OVER = text("""
    update desk_assignee a set sub = :to, at = :at from desk_case c
    where a.sub = :sub and a.body is not distinct from nullif(cast(:body as text), '') and c.complaint_id = a.complaint_id
      and c.body is not distinct from a.body and c.status = any(cast(:open as text[]))
    returning c.reference""")


class Member(NamedTuple):
    """deputy and absent_until where they are away now."""

    sub: str
    body: str | None
    role: str
    unit: str | None
    last_at: datetime
    deputy: str | None
    absent_until: datetime | None


async def meet(conn: AsyncConnection, body: str, sub: str, role: str, now: datetime) -> None:
    await quick(conn, _MEET, {"body": body, "sub": sub, "role": role, "now": now})


async def stands_for(conn: AsyncConnection, body: str, sub: str, now: datetime) -> list[str]:
    """This person, and the colleagues who are away now and named them as their deputy."""
    return [sub, *(await conn.execute(_STANDS_FOR, {"body": body, "sub": sub, "now": now})).scalars()]


async def unit(conn: AsyncConnection, body: str, sub: str) -> str | None:
    return (await conn.execute(_UNIT, {"body": body, "sub": sub})).scalar_one_or_none()


async def known(conn: AsyncConnection, body: str, sub: str) -> bool:
    """Whether this person was seen at work there."""
    return (await conn.execute(_KNOWN, {"body": body, "sub": sub})).scalar_one_or_none() is not None


async def members(conn: AsyncConnection, bodies: Sequence[str] | None, now: datetime, limit: int) -> list[Member]:
    """Of these bodies; None: of all, and of the national desk."""
    rows = await conn.execute(_LIST, {"bodies": None if bodies is None else list(bodies), "now": now, "limit": limit})
    return [Member(*row) for row in rows]


async def set_unit(conn: AsyncConnection, body: str, sub: str, unit: str | None) -> None:
    await conn.execute(_SET_UNIT, {"body": body, "sub": sub, "unit": unit})


async def set_absence(conn: AsyncConnection, body: str, sub: str, deputy: str, since: datetime, until: datetime) -> None:
    """In the place of the one before."""
    await conn.execute(_SET_ABSENCE, {"body": body, "sub": sub, "deputy": deputy, "since": since, "until": until})


async def assign(conn: AsyncConnection, id: object, body: str | None, sub: str | None, unit: str | None, now: datetime) -> None:
    if sub or unit:
        await quick(conn, _ASSIGN, {"id": id, "body": body, "sub": sub, "unit": unit, "at": now})
    else:
        await quick(conn, _UNASSIGN, {"id": id})


async def hand_over(conn: AsyncConnection, body: str, sub: str, to: str, statuses: Sequence[str], now: datetime) -> list[str]:
    """The references of the cases that changed hands: those of this person, still with that body, in one of these statuses."""
    given = {"body": body, "sub": sub, "to": to, "open": list(statuses), "at": now}
    return list((await conn.execute(_HAND_OVER, given)).scalars())
