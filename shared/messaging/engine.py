"""The consumer engine: batches of raw records become effects in one store, each exactly once.

For each batch: claim the positions, drop what is behind them, decode each record alone, apply, tell, advance, commit.
What may pass is tried again whole; what cannot pass is found one by one and parked; what must not pass ends the process.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import Directory
from shared.contracts.registry import DIRECTORY, FACT_TOPICS
from shared.messaging import dead_letters, positions
from shared.messaging.apply import take
from shared.messaging.codec import Undecodable, decode
from shared.messaging.directory import DirectoryCache
from shared.messaging.positions import Place, Position
from shared.messaging.records import RawRecord
from shared.messaging.spec import Spec
from shared.messaging.tx import Tx
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.runtime.db import Database, transient

log = structlog.get_logger()

PATIENCE_SECONDS = 200
"""How long a batch is tried again: well under the client's max_poll_interval of 300 s."""
POISON_LIMIT = 20
"""So many records in a row that cannot be taken are no bad records but a bad deploy: the last one is not parked."""

Way = Callable[[Tx, Sequence[RawRecord]], Awaitable[None]]


class Upstream(Protocol):
    """What the engine asks of whoever hands it batches: to read a partition again, and to be told how far it has come."""

    def rewind(self, place: Place, offset: int) -> None: ...
    async def commit(self, positions: Mapping[Place, int]) -> None: ...
    async def stop(self) -> None: ...


class Stop(Exception):
    """This process must end with `code`; the text says why and what to do next."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Engine:
    """One consumer of one service. `fail` is called once, with the Stop that ends the process; nothing is read after it.

    `committed` is called after each transaction, and told whether anything is to leave for the log by it.
    """

    def __init__(
        self,
        spec: Spec,
        consumer: str,
        db: Database,
        clock: Clock,
        cache: DirectoryCache,
        committed: Callable[[bool], None],
        fail: Callable[[Stop], None],
    ) -> None:
        self.spec = spec
        self.consumer = consumer
        self.topic_ids: Mapping[str, str] = {}
        self.subscription: Upstream | None = None
        self.whole: Way = self._take
        """What a whole batch does to the store. Where another way stands here and raises, records are taken one by one in the usual one."""
        self.ready = asyncio.Event()
        self._db, self._clock, self._cache = db, clock, cache
        self._committed, self._fail = committed, fail
        self._busy = asyncio.Lock()
        self._rewound: dict[Place, int] = {}
        self._taken: dict[Place, int] = {}
        self._halted = False

    async def batch(self, records: Sequence[RawRecord]) -> None:
        """Takes one batch. Never raises: an exception would let the transport go on to the next one."""
        async with self._busy:
            with metrics.BATCH_SECONDS.labels(self.consumer).time():
                await self._guarded(records)

    async def _guarded(self, records: Sequence[RawRecord]) -> None:
        if self._halted:
            return
        try:
            await self._patiently(records)
        except Stop as stop:
            self._halt(stop)
        except Exception as error:
            log.exception("batch failed outside every rule")
            self._halt(Stop(5, f"{self.consumer}: {type(error).__name__}: {error}"))

    async def assigned(self, places: set[Place]) -> None:
        """Starts each partition at the stored position: the broker's own may be ahead of a restored store."""
        metrics.REBALANCES.labels(self.consumer).inc()
        self._taken.clear()
        try:
            async with self._db.begin() as conn:
                await positions.renew(conn, self.consumer, self.topic_ids)
                claimed = await positions.claim(conn, self.consumer, places, self.topic_ids)
            for place, position in claimed.items():
                self._rewind(place, position.next_offset)
        except Exception as error:  # noqa: BLE001
            # The claim inside each batch guards what this seek only speeds up.
            log.warning("no seek at assignment", error=type(error).__name__)
        self.ready.set()

    async def read_lost_again(self) -> None:
        """Goes back to where the store stands on partitions of which this process has taken more.

        A store that crashed may have forgotten its last batches. What comes next on a partition shows that, but nothing may come.
        """
        async with self._busy:
            async with self._db.begin() as conn:
                stored = await positions.read(conn, self.consumer)
            lost = {place: stored.get(place, 0) for place, taken in self._taken.items() if stored.get(place, 0) < taken}
            for place, offset in lost.items():
                log.warning("the store has forgotten what was taken: it is read again", topic=place[0], partition=place[1], offset=offset)
                del self._taken[place]
                self._rewind(place, offset)

    async def revoked(self) -> None:
        """Holds the rebalance until the batch in flight has ended."""
        async with self._busy:
            pass

    async def _patiently(self, records: Sequence[RawRecord]) -> None:
        step, started, delay = self._whole, time.monotonic(), 0.05
        while True:
            try:
                return await step(records)
            except Exception as error:
                if isinstance(error, Stop):
                    raise
                if transient(error):
                    await self._wait(error, started, delay)
                    delay = min(delay * 2, 5)
                elif step == self._whole:
                    step = self._one_by_one
                else:
                    raise

    async def _wait(self, error: Exception, started: float, delay: float) -> None:
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise Stop(4, f"{self.consumer}: the store did not answer for {PATIENCE_SECONDS} s; look at its database, then start again")
        metrics.BATCHES.labels(self.consumer, "retried").inc()
        log.info("batch is tried again", error=type(error).__name__, seconds=delay)
        await asyncio.sleep(delay * random.uniform(0.5, 1.5))

    async def _whole(self, records: Sequence[RawRecord]) -> None:
        """All records in one set-based transaction."""
        directory, tells = await self._cache.get(), False
        async with self._db.begin() as conn:
            stretches = {place: _stretch(group) for place, group in _by_place(records)}
            claimed = await positions.claim_through(conn, self.consumer, stretches, self.topic_ids)
            if fresh := self._fresh(records, claimed):
                tells = await self._apply(conn, fresh, directory, self.whole)
                over_gaps = {p: Position(_next(g)) for p, g in _by_place(fresh) if claimed[p].next_offset < stretches[p][0]}
                if over_gaps:
                    await positions.advance(conn, self.consumer, over_gaps)
        await self._after(fresh, "committed", tells)

    async def _one_by_one(self, records: Sequence[RawRecord]) -> None:
        """Each record in a savepoint of its own; those that cannot be taken are parked with their reason."""
        stop: Stop | None = None
        directory = await self._cache.get()
        async with self._db.begin() as conn:
            claimed = await positions.claim(conn, self.consumer, {r.place for r in records}, self.topic_ids)
            fresh = self._fresh(records, claimed)
            reached: dict[Place, Position] = {}
            for raw in fresh:
                before = reached.get(raw.place, claimed[raw.place])
                try:
                    reached[raw.place] = await self._single(conn, raw, before, directory)
                except Stop as raised:
                    stop = raised
                    break
            if reached:
                await positions.advance(conn, self.consumer, reached)
        await self._after([raw for raw in fresh if raw.place in reached and raw.offset < reached[raw.place].next_offset], "split", True)
        if stop:
            raise stop

    async def _single(self, conn: AsyncConnection, raw: RawRecord, before: Position, directory: Directory) -> Position:
        try:
            async with conn.begin_nested():
                await self._apply(conn, [raw], directory, self._take)
            return Position(raw.offset + 1)
        except Exception as error:
            if transient(error):
                raise
            bad = before.bad_in_row + 1
            if bad >= POISON_LIMIT:
                raise Stop(3, _poison(self.consumer, raw, error)) from error
            await dead_letters.park(conn, self.consumer, raw, _reason(error))
            metrics.DEAD_LETTERS.labels(self.consumer, raw.topic).inc()
            log.error("record parked", topic=raw.topic, partition=raw.partition, offset=raw.offset, reason=_reason(error))
            return Position(raw.offset + 1, bad)

    async def _apply(self, conn: AsyncConnection, records: Sequence[RawRecord], directory: Directory, way: Way) -> bool:
        """Whether anything is to leave for the log by it."""
        tx = Tx(conn, self.spec.name, self._clock.now(), directory)
        await way(tx, records)
        tells = tx.tells
        await tx.flush()
        return tells

    async def _take(self, tx: Tx, records: Sequence[RawRecord]) -> None:
        await take(self.spec, tx, [decode(raw) for raw in records])

    async def replay(self, raw: RawRecord) -> None:
        """Hands a parked record to the same path, outside every position. Raises what it raises."""
        directory = await self._cache.get()
        async with self._db.begin() as conn:
            tells = await self._apply(conn, [raw], directory, self._take)
        self._committed(tells)

    def _fresh(self, records: Sequence[RawRecord], claimed: Mapping[Place, Position]) -> list[RawRecord]:
        """The records at or past the locked positions; a partition that starts beyond its position is read again."""
        fresh: list[RawRecord] = []
        for place, group in _by_place(records):
            at = claimed[place].next_offset
            new = [r for r in group if r.offset >= at]
            if new and (new[0].offset == at or self._is_truth(place, at, new[0].offset)):
                fresh += new
        return fresh

    def _is_truth(self, place: Place, at: int, first: int) -> bool:
        if self._rewound.get(place) != at:
            self._rewound[place] = at
            self._rewind(place, at)
            return False
        if place[0] in FACT_TOPICS:
            raise Stop(6, f"gap from {at} to {first} in {place[0]}/{place[1]}: facts are missing from the log; see `republish`")
        return True

    async def _after(self, fresh: Sequence[RawRecord], result: str, tells: bool) -> None:
        if not fresh:
            return
        self._committed(tells)
        metrics.BATCHES.labels(self.consumer, result).inc()
        metrics.RECORDS.labels(self.consumer).inc(len(fresh))
        groups = _by_place(fresh)
        reached = {place: _next(group) for place, group in groups}
        self._taken |= reached
        for (topic, _), group in groups:
            if topic == DIRECTORY:
                self._cache.expire()
            metrics.EVENT_AGE.labels(self.consumer, topic).observe(max(0.0, time.time() - group[0].timestamp_ms / 1000))
        if self.subscription:
            await self.subscription.commit(reached)

    def _rewind(self, place: Place, offset: int) -> None:
        if self.subscription:
            self.subscription.rewind(place, offset)

    def _halt(self, stop: Stop) -> None:
        self._halted = True
        log.critical("consumer stops", why=str(stop), code=stop.code)
        self._fail(stop)


def _by_place(records: Sequence[RawRecord]) -> list[tuple[Place, list[RawRecord]]]:
    ordered = sorted(records, key=attrgetter("topic", "partition", "offset"))
    return [(place, list(group)) for place, group in groupby(ordered, key=attrgetter("place"))]


def _stretch(group: Sequence[RawRecord]) -> tuple[int, int]:
    """The first offset and the next one; an empty stretch where records are missing between them."""
    first, next = group[0].offset, _next(group)
    return (first if next - first == len(group) else next, next)


def _next(group: Sequence[RawRecord]) -> int:
    return group[-1].offset + 1


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"


def _poison(consumer: str, raw: RawRecord, error: Exception) -> str:
    where = f"{raw.topic}/{raw.partition} at {raw.offset}"
    return (
        f"{consumer}: {POISON_LIMIT} records in a row cannot be taken, the last is {where} ({_reason(error)}). "
        "Mend the cause, or let it go on with `dead-letters resume`"
    )
