"""SQL of proposals about bodies."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.store import Author

_COLUMNS = "id, at, key, version, valid_from, fields, reason, role, body, state, decided_at, decided_role, comment"
_ADD = text(f"""
    insert into directory_proposal (at, key, version, valid_from, fields, reason, role, body, sub, state)
    values (:at, :key, :version, :valid_from, cast(:fields as jsonb), :reason, :role, :body, :sub, 'open') returning {_COLUMNS}""")  # noqa: S608
_FIND = text(f"select {_COLUMNS} from directory_proposal where id = :id for update")  # noqa: S608
_DECIDE = text(f"""
    update directory_proposal set state = :state, decided_at = :at, decided_role = :role, decided_sub = :sub, comment = :comment
    where id = :id returning {_COLUMNS}""")  # noqa: S608
_LIST = text(f"""
    select {_COLUMNS} from directory_proposal
    where (cast(:keys as text[]) is null or key = any(cast(:keys as text[]))) and (cast(:state as text) is null or state = :state)
      and id > :after order by id limit :limit""")  # noqa: S608


@dataclass(frozen=True)
class Proposal:
    """fields: each as [before, after]; `version` and what was before are those of the record on which it was made."""

    id: int
    at: datetime
    key: str
    version: int
    valid_from: date | None
    fields: dict[str, Any]
    reason: str | None
    role: str
    body: str | None
    state: str
    decided_at: datetime | None
    decided_role: str | None
    comment: str | None


async def add(
    conn: AsyncConnection, who: Author, at: datetime, key: str, version: int, on: date | None, fields: dict[str, Any], reason: str | None
) -> Proposal:
    given = {"at": at, "key": key, "version": version, "valid_from": on, "fields": json.dumps(fields, ensure_ascii=False), "reason": reason}
    return _proposal((await conn.execute(_ADD, given | {"role": who.role, "body": who.body, "sub": who.sub})).mappings().one())


async def find(conn: AsyncConnection, id: int) -> Proposal | None:
    """Locked: of two who decide at once the second sees what the first said."""
    row = (await conn.execute(_FIND, {"id": id})).mappings().one_or_none()
    return _proposal(row) if row else None


async def decide(conn: AsyncConnection, who: Author, at: datetime, id: int, state: str, comment: str | None) -> Proposal:
    given = {"id": id, "state": state, "at": at, "role": who.role, "sub": who.sub, "comment": comment}
    return _proposal((await conn.execute(_DECIDE, given)).mappings().one())


async def listed(conn: AsyncConnection, keys: list[str] | None, state: str | None, after: int, limit: int) -> list[Proposal]:
    """Oldest first, after the one with the id `after`; keys None: about every body."""
    rows = await conn.execute(_LIST, {"keys": keys, "state": state, "after": after, "limit": limit})
    return [_proposal(row) for row in rows.mappings()]


def _proposal(row: Any) -> Proposal:
    return Proposal(**{**row, "fields": json.loads(row["fields"])})
