"""SQL of internal notes."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ADD = text("""
    insert into desk_note (complaint_id, body, at, sub, role, text) values (:complaint_id, :body, :at, :sub, :role, :text) returning id""")
_LIST = text("""
    select id, at, sub, role, body, text from desk_note
    where complaint_id = :id and (cast(:bodies as text[]) is null or body = any(cast(:bodies as text[]))) order by id""")


class Written(NamedTuple):
    """body: at whose desk, None at the national one."""

    id: int
    at: datetime
    sub: str
    role: str
    body: str | None
    text: str


async def add(conn: AsyncConnection, complaint_id: UUID, note: Mapping[str, object]) -> int:
    """Returns the note's number."""
    id: int = (await conn.execute(_ADD, {**note, "complaint_id": complaint_id})).scalar_one()
    return id


async def listed(conn: AsyncConnection, complaint_id: UUID, bodies: Collection[str] | None) -> list[Written]:
    """Of these bodies (None: of all), oldest first."""
    rows = await conn.execute(_LIST, {"id": complaint_id, "bodies": bodies and sorted(bodies)})
    return [Written(*row) for row in rows]
