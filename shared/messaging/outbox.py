"""The outbox: what is to leave for the log, written in the transaction of the state it tells of.

Ids of one complaint follow its commits, since every writer holds the complaint's row lock before it takes an id. Rows are
read in id order and deleted by id once acknowledged; there is no "id > last" cursor, which would skip a late commit.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.records import Outgoing
from shared.runtime.db import quick

_INSERT = text("""
    insert into outbox (topic, key, complaint_id, version, private, headers, value)
    select u.topic, u.key, u.complaint_id, u.version, u.private, u.headers::jsonb, u.value
    from unnest(cast(:topic as text[]), cast(:key as text[]), cast(:complaint_id as uuid[]), cast(:version as int[]),
                cast(:private as boolean[]), cast(:headers as text[]), cast(:value as bytea[]))
      with ordinality as u (topic, key, complaint_id, version, private, headers, value, n)
    order by u.n""")

OLDEST = """
    select id, private and value is not null and exists (select from erased e where e.complaint_id = o.complaint_id) as dropped,
           topic, key, version, value, headers::text
    from outbox o order by id limit :limit"""
"""The rows that leave next; `read` makes of them what they are."""

# What is lost of it with the server goes out once more: so this commit need not wait for the disk.
_DELETE = text("""
    with gone as (delete from outbox where id = any(cast(:ids as bigint[]))) select set_config('synchronous_commit', 'off', true)""")
_DELETE_PRIVATE = text("delete from outbox where complaint_id = any(cast(:ids as uuid[])) and private and value is not null")
_DELETE_KNOWN = text("""
    delete from outbox o using unnest(cast(:topic as text[]), cast(:id as uuid[]), cast(:version as int[])) as k (topic, id, version)
    where o.topic = k.topic and o.complaint_id = k.id and o.version <= k.version and o.value is not null""")
_DEPTH = text("select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 from outbox")


class Waiting(NamedTuple):
    """A row of the outbox. `dropped` says that its person was erased meanwhile: it is deleted unsent."""

    id: int
    dropped: bool
    record: Outgoing


async def insert(conn: AsyncConnection, records: Sequence[Outgoing]) -> None:
    if records:
        await quick(conn, _INSERT, _parameters(records))


def read(rows: Iterable[Sequence[Any]]) -> list[Waiting]:
    """From the columns of OLDEST; in id order."""
    return [
        Waiting(id, dropped, Outgoing(topic, key, version, value, from_json(headers)))
        for id, dropped, topic, key, version, value, headers in sorted(rows, key=itemgetter(0))
    ]


async def delete(conn: AsyncConnection, ids: Sequence[int]) -> None:
    """Of rows that were acknowledged, in a transaction that does nothing else that must outlive the server."""
    await quick(conn, _DELETE, {"ids": list(ids)})


async def delete_private(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Deletes what still waits of these people's data; tombstones stay, for they must go out."""
    await conn.execute(_DELETE_PRIVATE, {"ids": list(ids)})


async def delete_known(conn: AsyncConnection, known: Sequence[tuple[str, UUID, int]]) -> None:
    """Deletes rows that the log already holds in this version or a higher one: (topic, complaint, version)."""
    if known:
        topics, ids, versions = zip(*known, strict=True)
        await conn.execute(_DELETE_KNOWN, {"topic": list(topics), "id": list(ids), "version": list(versions)})


async def depth(conn: AsyncConnection) -> tuple[int, float]:
    """Rows waiting, and the age of the oldest in seconds of machine time."""
    count, age = (await conn.execute(_DEPTH)).one()
    return count, age


def headers_json(record: Outgoing) -> str:
    return to_json(record.headers).decode()


def _parameters(records: Sequence[Outgoing]) -> dict[str, list[Any]]:
    names = ("topic", "key", "complaint_id", "version", "private", "value")
    columns: dict[str, list[Any]] = {name: [getattr(r, name) for r in records] for name in names}
    columns["headers"] = [headers_json(r) for r in records]
    return columns
