"""All SQL of the directory's editing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.imports import Row
from shared.contracts.directory_records import DirectoryRecord, Editable

_ROWS, _RECORDS = TypeAdapter(tuple[Row, ...]), TypeAdapter(tuple[DirectoryRecord, ...])

_STAMP = text("select coalesce(max(stamp), 0) from directory_record")
_ADD_IMPORT = text("""
    insert into directory_import (at, role, sub, stamp, rows, records)
    values (:at, :role, :sub, :stamp, cast(:rows as jsonb), cast(:records as jsonb)) returning id""")
_IMPORT = "select id, at, stamp, rows, records, applied_at from directory_import where id = :id"
_APPLIED = text("update directory_import set applied_at = :at where id = :id")
_NOTE = text("""
    insert into directory_change (at, key, version, act, role, body, sub, valid_from, fields, proposal)
    select :at, u.key, u.version, :act, :role, :body, :sub, u.valid_from, u.fields::jsonb, :proposal
    from unnest(cast(:key as text[]), cast(:version as int[]), cast(:valid_from as date[]), cast(:fields as text[]))
      with ordinality as u (key, version, valid_from, fields, n)
    order by u.n""")
_CHANGES = text("""
    select c.id, c.at, c.version, c.act, c.role, c.body, c.valid_from, c.fields,
      p.id as proposal, p.at as proposed_at, p.role as proposed_role, p.body as proposed_body
    from directory_change c left join directory_proposal p on p.id = c.proposal
    where c.key = :key and c.id > :after order by c.id limit :limit""")
_LOGGED_IN = text("""
    insert into body_login as l (body, first_on, last_on) values (:body, :day, :day)
    on conflict (body) do update set last_on = excluded.last_on where l.last_on < excluded.last_on""")
_LOGINS = text("select body, first_on, last_on from body_login")


@dataclass(frozen=True)
class Import:
    """A preview as it was made: on which state of the directory (`stamp`), what it found, what it would write."""

    id: int
    at: datetime
    stamp: int
    rows: tuple[Row, ...]
    records: tuple[Editable, ...]
    applied_at: datetime | None = None


@dataclass(frozen=True)
class Proposed:
    """Who had proposed a change."""

    id: int
    at: datetime
    role: str
    body: str | None


@dataclass(frozen=True)
class Changed:
    """One change of one record: by which role of which body, from which day on, each field as [before, after]."""

    id: int
    at: datetime
    version: int
    act: str
    role: str
    body: str | None
    valid_from: date
    fields: dict[str, Any]
    proposal: Proposed | None


@dataclass(frozen=True)
class Author:
    """Who changes the directory. `sub` stays in this store."""

    role: str
    body: str | None
    sub: str


async def stamp(conn: AsyncConnection) -> int:
    """Rises with every record that is stored."""
    found: int = (await conn.execute(_STAMP)).scalar_one()
    return found


async def add_import(conn: AsyncConnection, who: Author, found: Import) -> int:
    given = {
        "at": found.at,
        "role": who.role,
        "sub": who.sub,
        "stamp": found.stamp,
        "rows": _ROWS.dump_json(found.rows).decode(),
        "records": json.dumps([record.model_dump(mode="json", by_alias=True) for record in found.records]),
    }
    id: int = (await conn.execute(_ADD_IMPORT, given)).scalar_one()
    return id


async def find_import(conn: AsyncConnection, id: int, *, lock: bool = False) -> Import | None:
    query = text(f"{_IMPORT} for update" if lock else _IMPORT)
    row = (await conn.execute(query, {"id": id})).one_or_none()
    if row is None:
        return None
    records = tuple(record for record in _RECORDS.validate_json(row.records) if isinstance(record, Editable))
    return Import(row.id, row.at, row.stamp, _ROWS.validate_json(row.rows), records, row.applied_at)


async def applied(conn: AsyncConnection, id: int, at: datetime) -> None:
    await conn.execute(_APPLIED, {"id": id, "at": at})


async def note(
    conn: AsyncConnection, who: Author, act: str, at: datetime, changes: Sequence[tuple[Editable, dict[str, Any]]], proposal: int | None
) -> None:
    """One row a record, one statement for all; `changes` holds each record after it and what differs; proposal: what it came of."""
    if changes:
        given = {
            "at": at,
            "act": act,
            "role": who.role,
            "body": who.body,
            "sub": who.sub,
            "proposal": proposal,
            "key": [record.key for record, _ in changes],
            "version": [record.version for record, _ in changes],
            "valid_from": [record.valid_from for record, _ in changes],
            "fields": [json.dumps(fields, ensure_ascii=False) for _, fields in changes],
        }
        await conn.execute(_NOTE, given)


async def changes(conn: AsyncConnection, key: str, after: int, limit: int) -> list[Changed]:
    """Of one record, oldest first, after the one with the id `after`."""
    rows = await conn.execute(_CHANGES, {"key": key, "after": after, "limit": limit})
    return [_changed(row) for row in rows]


def _changed(row: Any) -> Changed:
    proposal = Proposed(row.proposal, row.proposed_at, row.proposed_role, row.proposed_body) if row.proposal else None
    return Changed(row.id, row.at, row.version, row.act, row.role, row.body, row.valid_from, json.loads(row.fields), proposal)


async def logged_in(conn: AsyncConnection, body: str, day: date) -> None:
    await conn.execute(_LOGGED_IN, {"body": body, "day": day})


async def logins(conn: AsyncConnection) -> dict[str, tuple[date, date]]:
    """Body → the first and the last local day on which somebody of it was here."""
    return {row.body: (row.first_on, row.last_on) for row in await conn.execute(_LOGINS)}
