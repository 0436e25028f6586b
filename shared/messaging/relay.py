"""The relay: takes rows from the outbox to the log, one holder a service, and never holds a transaction while the broker is awaited."""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import outbox, positions
from shared.messaging.outbox import OLDEST, Waiting
from shared.messaging.tally import RAISED, Tally
from shared.messaging.transport import Producer
from shared.runtime import metrics
from shared.runtime.db import Database, quick, transient

log = structlog.get_logger()

ROUND = 1_000
REST, LONGEST_REST_SECONDS = 4, 0.2
"""After a round that left no rows, a rest of four times its time: under load rounds are fewer and fuller, and a round costs as much as
the sending of a hundred rows. What comes after a quiet moment waits for nothing."""
POLL_SECONDS = 0.25
"""Only a net under the wake-up that every commit gives: for rows of another replica or of a crashed process."""
LEASE_SECONDS = 10

# A round trip costs as much as the reading of some rows, and whoever waits for a fact waits for each of them.
_CHOOSE = text(f"""
    with held as (
        insert into lease as l (name, holder, until) values ('relay', :holder, clock_timestamp() + make_interval(secs => :seconds))
        on conflict (name) do update set holder = excluded.holder, until = excluded.until
        where l.holder = excluded.holder or l.until < clock_timestamp()
        returning holder
    ), oldest as materialized ({OLDEST}
    ), raised as ({RAISED.format(where="from held where :tallied and exists (select from oldest)")}
    )
    select exists (select from held) as held, (select count from raised) as count, oldest.*
    from (values (0)) as once left join oldest on exists (select from held)""")  # noqa: S608 -- parts of ours
_RELEASE = text("delete from lease where name = 'relay' and holder = :holder")


class Relay:
    """Sends rows in id order and deletes them once acknowledged. A crash between the two sends them again: same ids, same versions.

    A holder that was frozen and wakes may send its batch once more beside its successor; that is harmless for the same reason.
    """

    def __init__(self, db: Database, producer: Producer, topic_ids: Mapping[str, str], tally: Tally | None = None) -> None:
        self._db, self._producer = db, producer
        self._topic_ids, self._tally = topic_ids, tally
        self._holder = uuid.uuid4().hex
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was committed: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Runs until cancelled; a store that is away is waited for."""
        delay = 0.05
        while True:
            self._wake.clear()
            began = time.monotonic()
            try:
                sent = await self.round()
                delay = 0.05
            except Exception as error:
                if not transient(error):
                    raise
                log.info("relay waits for the store", error=type(error).__name__)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5)
                continue
            if not sent:
                await self._sleep()
            elif sent < ROUND:
                await asyncio.sleep(min(LONGEST_REST_SECONDS, REST * (time.monotonic() - began)))

    async def round(self) -> int:
        """One batch: lease, read, note, send, delete. Returns how many rows left; 0 too where another replica holds the lease."""
        noted: asyncio.Task[None] | None = None
        try:
            async with self._db.begin() as conn:
                rows, count = await self._chosen(conn)
                if count and self._tally:
                    # Beside the commit, since both wait for the disk; what is sent waits for both.
                    noted = asyncio.create_task(self._tally.note(count))
        finally:
            if noted:  # a later note must not be overtaken by this one
                await noted
        if rows:
            await self._send(rows)
        return len(rows)

    async def _chosen(self, conn: AsyncConnection) -> tuple[list[Waiting], int | None]:
        """The rows that leave next, and the tally's count for them; none of both where another replica holds the lease."""
        tally = {"tallied": self._tally is not None, "past": self._tally.past if self._tally else 0}
        found = await quick(conn, _CHOOSE, {"holder": self._holder, "seconds": LEASE_SECONDS, "limit": ROUND, **tally})
        held, count = found[0][:2]
        metrics.RELAY_LEASE.set(held)
        return outbox.read(row[2:] for row in found if row[2] is not None), count

    async def release(self) -> None:
        """Lets another replica take over at once."""
        async with self._db.begin() as conn:
            await conn.execute(_RELEASE, {"holder": self._holder})

    async def _send(self, rows: Sequence[Waiting]) -> None:
        ends = await self._producer.send([row.record for row in rows if not row.dropped])
        async with self._db.begin() as conn:
            await outbox.delete(conn, [row.id for row in rows])
            await positions.raise_own(conn, ends, self._topic_ids)
        metrics.RELAYED.inc(len(rows))

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
