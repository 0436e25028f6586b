"""The directory at rest, and a snapshot of it in memory that is re-read when another replica has stored something new."""

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import Directory, DirectoryRecord
from shared.runtime.db import Database, quick_values

_UPSERT = text("""
    insert into directory_record as d (key, version, value)
    select u.key, u.version, u.value::jsonb
    from unnest(cast(:key as text[]), cast(:version as int[]), cast(:value as text[])) as u (key, version, value)
    order by u.key
    on conflict (key) do update set version = excluded.version, value = excluded.value, stamp = nextval('directory_stamp')
    where excluded.version > d.version
    returning key""")
_ALL = text("select value from directory_record order by key")
_STAMP = text("select coalesce(max(stamp), 0) from directory_record")

FRESH_SECONDS = 1.0
"""How old a snapshot may be (machine time): the directory's partition is read by one replica, the others look at the store."""


async def upsert(conn: AsyncConnection, records: Sequence[DirectoryRecord]) -> list[DirectoryRecord]:
    """Stores records whose version is higher than the stored one; returns those, one a key."""
    newest: dict[str, DirectoryRecord] = {}
    for record in records:
        if record.key not in newest or record.version > newest[record.key].version:
            newest[record.key] = record
    if not newest:
        return []
    columns = {
        "key": list(newest),
        "version": [r.version for r in newest.values()],
        "value": [r.model_dump_json(by_alias=True) for r in newest.values()],
    }
    moved = set((await conn.execute(_UPSERT, columns)).scalars())
    return [record for key, record in newest.items() if key in moved]


async def load(conn: AsyncConnection) -> Directory:
    values = (await conn.execute(_ALL)).scalars()
    return Directory(DirectoryRecord.model_validate_json(value) for value in values)


class DirectoryCache:
    """A snapshot at most FRESH_SECONDS behind the store; one query a second while nothing changes."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._snapshot = Directory(())
        self._stamp = -1
        self._looked = float("-inf")
        self._expired = 0
        self._looking = asyncio.Lock()

    async def get(self) -> Directory:
        """The snapshot. Call it outside a transaction: it may need a connection of its own."""
        if self._old():
            async with self._looking:
                if self._old():
                    await self._refresh()
        return self._snapshot

    def expire(self) -> None:
        """The next look goes to the store: this process knows that it has moved."""
        self._looked = float("-inf")
        self._expired += 1

    def _old(self) -> bool:
        return time.monotonic() - self._looked > FRESH_SECONDS

    async def _refresh(self) -> None:
        expired = self._expired
        async with self._db.begin() as conn:
            [stamp] = await quick_values(conn, _STAMP, {})
            if stamp != self._stamp:
                self._snapshot, self._stamp = await load(conn), stamp
        if expired == self._expired:  # else what was seen may be older than what made it expire
            self._looked = time.monotonic()
