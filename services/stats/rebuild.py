"""The figures derived anew from the whole log, beside the live ones, and put in their place in one moment.

A rebuild is this same service, its handlers and its engine, working in the slot that is not live. It has no consumer group:
its positions stand in its slot, in the transaction of what they stand for, as the live ones do, and become the live ones.
Ending it at any moment harms nothing; the next one begins by emptying the slot.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import structlog

from services.stats.derive import Derive, derivers
from services.stats.handlers import renew
from services.stats.models import FACTS
from services.stats.progress import Progress
from services.stats.store import discard_again, newly_parked
from services.stats.worker import Worker, behind
from shared.contracts.registry import DIRECTORY
from shared.messaging import positions, slots
from shared.messaging.node import Node
from shared.messaging.positions import Place
from shared.runtime.db import transient

log = structlog.get_logger()

REFUSED = 1
WORKERS = 3
"""While the store writes one's batch, those of the others are read and derived."""
SMALL = 2_000
"""Records left at which the live consumer may be held until they are read: a second, not a minute."""


async def rebuild(node: Node, argument: str) -> int:
    """The operator's command, while the service runs or is stopped. Exit code 1 where it is refused; nothing has changed then."""
    progress = Progress()
    with derivers() as derive:
        await node.open()
        async with slots.sole_builder(node.db) as mine:
            if mine:
                return await _rebuild(node, progress, derive)
        log.error("another rebuild is at work on this store; wait for its end, or end that process")
        return REFUSED


async def _rebuild(node: Node, progress: Progress, derive: Derive) -> int:
    async with node.db.begin() as conn:
        live = await slots.live(conn)
    if not await slots.empty(node.db, slots.other(live), [FACTS]):
        log.error("a transaction has been open for a minute; end it, or the process that has it, then rebuild again")
        return REFUSED
    async with AsyncExitStack() as stack:
        workers = [Worker(node, slots.other(live), progress, derive) for _ in range(WORKERS)]
        done = await _fill(node, workers, stack, progress)
    if done and not await slots.empty(node.db, live, [FACTS]):
        log.warning("the old tables are still read by a long transaction; the next rebuild empties them")
    return 0 if done else REFUSED


async def _fill(node: Node, workers: Sequence[Worker], stack: AsyncExitStack, progress: Progress) -> bool:
    """Fills the slot from the log and makes it live. False where it holds less than the live one does."""
    places = await node.observer.places(node.spec.topics)
    first = await stack.enter_async_context(workers[0])
    await _directory(first, places)
    for worker in workers[1:]:
        await stack.enter_async_context(worker)
    progress.begin(sum((await node.observer.ends([place for place in places if place[0] != DIRECTORY])).values()))
    partitions = sorted({partition for _, partition in places})
    await asyncio.gather(*(_stretches(worker, places, partitions[n::WORKERS]) for n, worker in enumerate(workers)))
    while True:
        await _catch_up(first, places)
        await first.node.run(renew)
        if (switched := await _switch(node, first, places)) is not None:
            progress.tell("rebuilt" if switched else "not rebuilt")
            return switched


async def _directory(worker: Worker, places: Sequence[Place]) -> None:
    """Read first, and by this worker before the others begin: their first look at the directory finds it whole."""
    await worker.read([place for place in places if place[0] == DIRECTORY])


async def _stretches(worker: Worker, places: Sequence[Place], partitions: Sequence[int]) -> None:
    """Partition by partition, all topics of one together: the facts of a complaint then meet in few batches."""
    for partition in partitions:
        await worker.read([place for place in places if place[1] == partition])


async def _catch_up(worker: Worker, places: Sequence[Place]) -> None:
    while await worker.read(places) > SMALL:
        pass


async def _switch(node: Node, worker: Worker, places: Sequence[Place]) -> bool | None:
    """Reads the last records while the live consumer is held, so that the figures never go back. None: try again."""
    try:
        async with node.db.begin() as conn, asyncio.timeout(10):
            live = await slots.hold(conn)
            reached = await positions.read(conn, node.consumer)
            await worker.read(places)
            if missing := await newly_parked(conn, live, slots.other(live)):
                log.error("records cannot be taken that the live figures hold, so these stay", records=missing)
                return False
            if behind(await worker.reached(), reached):
                return None
            await discard_again(conn, live, slots.other(live))
            await slots.switch(conn, slots.other(live))
            return True
    except Exception as error:
        if not transient(error):
            raise
        log.info("the switch is tried again", error=type(error).__name__)
        return None
