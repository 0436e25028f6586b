"""The loop that lets time act: looks how far all facts are known, fires what is due, and counts again what the law's data moved."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.deadlines import store
from services.deadlines.firing import fire_chunk
from services.deadlines.handlers import renew
from services.deadlines.settings import DeadlinesSettings
from services.deadlines.watermark import Watermarks
from shared.contracts.registry import INTAKE, ROUTING
from shared.messaging import positions
from shared.messaging.node import Node
from shared.messaging.positions import Place
from shared.messaging.tasks import COUNT_SHARE, caught_up, patiently, repeatedly
from shared.messaging.transport import Unreachable
from shared.messaging.tx import Tx
from shared.runtime import metrics
from shared.runtime.db import transient
from shared.runtime.jumps import WallWatch

log = structlog.get_logger()

CHUNK = 500
"""Complaints a transaction: a storm of a hundred thousand never holds many rows, or the others' batches, for long."""
AT_ONCE = 2
"""Partitions on which one process fires at once: what one decides while the store writes what another has decided."""
NEXT_STEP = "no clock is fired until wall and database time have agreed for a while, or `confirm-clock`: see that the time is right"


async def watch_clocks(node: Node) -> None:
    """Runs until cancelled; a store or log that is away is waited for."""
    settings = settings_of(node)
    marks = Watermarks(timedelta(seconds=settings.grace_seconds), settings.real_grace_seconds)
    wall = WallWatch(node.clock.wall, settings.clock_agreed_seconds)
    places: list[Place] = []
    while True:
        try:
            places = places or await node.observer.places([INTAKE, ROUTING])
            await look(node, marks, places)
            if await believed(node, wall, marks):
                await fire_due(node, marks)
            await sweep(node)
        except Exception as error:
            if not (transient(error) or isinstance(error, Unreachable | OSError)):
                raise
            log.info("clocks wait", error=type(error).__name__)
        await asyncio.sleep(settings.round_seconds)


async def count_when_caught_up(node: Node) -> None:
    """In a store that was restored: what waits for the rest of the log is counted once that is read. Ends then."""
    await caught_up(node)
    seconds = settings_of(node).round_seconds
    while await patiently(lambda: node.run(count_restored), "restored complaints wait for the store", seconds) == CHUNK:
        pass


async def count_restored(tx: Tx) -> int:
    """Counts a chunk of what was taken back from the log, as the registers have it now; returns how many."""
    ids = await store.all_restored(tx.conn, CHUNK)
    known = await tx.lock_many(ids)
    await store.replace(tx.conn, ids, [])
    await renew(known.values(), tx)
    return len(ids)


async def measure_clocks(node: Node) -> None:
    """Keeps the gauges of clocks, for which all of them are counted."""
    grace = settings_of(node).grace_seconds

    async def counted(conn: AsyncConnection) -> None:
        clocks, oldest = await store.figures(conn)
        metrics.OPEN_CLOCKS.set(clocks)
        overdue = (node.clock.now() - oldest).total_seconds() - grace if oldest else 0
        metrics.UNFIRED_CLOCK_AGE.set(max(0, overdue))

    await repeatedly(node, counted, COUNT_SHARE)


async def look(node: Node, marks: Watermarks, places: Sequence[Place]) -> None:
    """One look at the log's ends and at how far the store has come. Both times are read first: what is older is at or before the ends."""
    machine, legal = time.monotonic(), node.clock.now()
    marks.look(machine, legal, await node.observer.ends(places))
    async with node.read() as conn:
        marks.reach(await positions.read(conn, node.consumer))


async def believed(node: Node, wall: WallWatch, marks: Watermarks) -> bool:
    """Whether wall time may be acted on. Asked after each look at the log, so that what was noted after a jump is forgotten unused."""
    if moved := wall.look():
        metrics.CLOCK_JUMPED.inc()
        log.critical("clock_jumped", seconds=round(moved, 3), next=NEXT_STEP)
    if wall.doubted:
        marks.forget()
        asked = node.clock.wall()
        async with node.read() as conn:
            wall.compare(asked, *await store.times(conn))
    metrics.CLOCK_DOUBTED.set(wall.doubted)
    node.readiness.set("clock", not wall.doubted, f"clock_jumped by {wall.jump or 0:+.0f} s; {NEXT_STEP}")
    return not wall.doubted


async def confirm_clock(node: Node, argument: str) -> int:
    """The operator's word that the time of these machines is right."""
    async with node.db.begin() as conn:
        await store.confirm_clock(conn)
    log.warning("clock confirmed: what is due is fired again")
    return 0


async def fire_due(node: Node, marks: Watermarks) -> None:
    """Fires all that is due on every partition."""
    ripe = iter(await _ripe(node, marks))
    await asyncio.gather(*(fire_each(node, marks, ripe) for _ in range(AT_ONCE)))


async def _ripe(node: Node, marks: Watermarks) -> list[int]:
    if not marks.until:
        return []
    async with node.read() as conn:
        return await store.ripe(conn, marks.until)


async def fire_each(node: Node, marks: Watermarks, partitions: Iterable[int]) -> None:
    """Fires all that is due on these partitions, one after another, in chunks."""
    for partition in partitions:
        while await node.run(lambda tx, p=partition: fire_chunk(tx, p, marks.until[p], CHUNK)) == CHUNK:  # type: ignore[misc]
            pass


async def sweep(node: Node) -> int:
    """Counts again every clock whose calendar or procedure has come since it was counted, in chunks; returns how many complaints.

    It asks what is out of date, not what has just arrived: so nothing that was counted meanwhile on an older directory stays so.
    """
    swept = 0
    # Looked at first, and for nothing as a rule: what is run as a transaction of ours wakes the relay too.
    while await _out_of_date(node):
        done = await node.run(_sweep_chunk)
        swept += done
        if done < CHUNK:
            break
    return swept


async def _out_of_date(node: Node) -> bool:
    directory = await node.directory()
    async with node.read() as conn:
        return bool(await store.stale(conn, directory, 1))


async def _sweep_chunk(tx: Tx) -> int:
    if not await store.claim(tx.conn):
        return 0
    ids = await store.stale(tx.conn, tx.directory, CHUNK)
    if ids:
        await renew((await tx.lock_many(ids)).values(), tx)
    return len(ids)


def settings_of(node: Node) -> DeadlinesSettings:
    assert isinstance(node.settings, DeadlinesSettings)
    return node.settings
