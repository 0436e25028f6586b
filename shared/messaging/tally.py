"""A tally of what left for the log, kept in the store and in a file beside it: so a store that is no older copy of itself is known as such.

A restored store may decide nothing before it has read back what it had told, and that needs the log; any other store may at once.
Each round of the relay raises the store's count in the transaction that chooses its rows, and the file's, and only then sends. So a
store whose count is not below the file's holds everything that ever left it, in whatever way it was copied, cut short or put back.
"""

import asyncio
import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.db import quick_values

# The store's own name tells its files from those of another store that served here before.
_STORE = text("""
    insert into store_stamp as s (key, value) values ('store', gen_random_uuid()::text)
    on conflict (key) do update set value = s.value returning value""")
_COUNT = text("select coalesce(max(value::bigint), 0) from store_stamp where key = 'sendings'")
RAISED = """
    insert into store_stamp as s (key, value) select 'sendings', cast(cast(:past as bigint) + 1 as text) {where}
    on conflict (key) do update set value = (greatest(s.value::bigint, :past) + 1)::text returning value::bigint as count"""
"""Raises the store's count, where something holds, above `past`."""
_RAISE = text(RAISED.format(where=""))


class Tally:
    """Of one replica. `folder` must be shared by all replicas of the service, outlive them, and be no part of the store's backup."""

    def __init__(self, folder: Path, service: str, replica: str) -> None:
        self._folder, self._pattern, self._file = folder, f"{service}.*", folder / f"{service}.{replica}"
        self._store, self._past = "", 0

    async def complete(self, conn: AsyncConnection) -> bool:
        """Whether this store holds all that ever left it. Where no file speaks of it, or one cannot be read, nothing is known: no."""
        self._store = (await conn.execute(_STORE)).scalar_one()
        noted = self._noted()
        self._past = max([0, *filter(None, noted)])
        return bool(noted) and None not in noted and (await conn.execute(_COUNT)).scalar_one() >= self._past

    @property
    def past(self) -> int:
        """Above this every count must be: the highest that was noted when the store was opened."""
        return self._past

    async def raised(self, conn: AsyncConnection) -> int:
        """The next count; to be noted, and this transaction to be committed, before anything is sent."""
        (count,) = await quick_values(conn, _RAISE, {"past": self._past})
        return int(count)

    async def note(self, count: int) -> None:
        """Returns once the disk has it."""
        await asyncio.to_thread(self._write, f"{self._store} {count:020d}".encode())

    def _noted(self) -> list[int | None]:
        """What the replicas noted of this store; None for a note that cannot be read."""
        notes = [path.read_text(encoding="utf-8").split() for path in self._folder.glob(self._pattern)]
        whole = [note for note in notes if len(note) == len((self._store, self._past))]
        return [int(count) for store, count in whole if store == self._store] + [None] * (len(notes) - len(whole))

    def _write(self, line: bytes) -> None:
        """In place and of one length, so that a process that is killed leaves the old line or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(file, line)
            os.fdatasync(file)  # the file's times may be lost
        finally:
            os.close(file)
