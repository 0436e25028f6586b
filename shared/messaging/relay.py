"""The relay: takes rows from the outbox to the log, one holder a service, and never holds a transaction while the broker is awaited."""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import text

from shared.messaging import outbox, positions
from shared.messaging.outbox import Waiting
from shared.messaging.tally import Tally
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

_LEASE = text("""
    insert into lease as l (name, holder, until) values ('relay', :holder, clock_timestamp() + make_interval(secs => :seconds))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
    where l.holder = excluded.holder or l.until < clock_timestamp()
    returning holder""")
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
        async with self._db.begin() as conn:
            held = await quick(conn, _LEASE, {"holder": self._holder, "seconds": LEASE_SECONDS})
            metrics.RELAY_LEASE.set(1 if held else 0)
            rows = await outbox.waiting(conn, ROUND) if held else []
            count = await self._tally.raised(conn) if rows and self._tally else 0
        if count and self._tally:
            await self._tally.note(count)
        if rows:
            await self._send(rows)
        return len(rows)

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
