"""The figures derived anew from the whole log, beside the live ones, and put in their place in one moment.

A rebuild is this same service, its handlers and its engine, working in the slot that is not live. It has no consumer group:
its positions stand in its slot, in the transaction of what they stand for, as the live ones do, and become the live ones.
Ending it at any moment harms nothing; the next one begins by emptying the slot.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

import structlog
from pydantic_core import from_json

from services.stats.handlers import renew
from services.stats.models import FACTS
from services.stats.progress import Progress
from services.stats.store import discard_again, newly_parked
from shared.contracts.registry import DIRECTORY, FACT_TOPICS
from shared.messaging import positions, slots
from shared.messaging.engine import Stop
from shared.messaging.node import Node
from shared.messaging.positions import Place
from shared.messaging.records import RawRecord
from shared.runtime.db import transient

log = structlog.get_logger()

REFUSED = 1
WORKERS = 2
"""While the store writes one's batch, the other decodes its own."""
BATCH = 5_000
SMALL = 2_000
"""Records left at which the live consumer may be held until they are read: a second, not a minute."""


async def rebuild(node: Node, argument: str) -> int:
    """The operator's command, while the service runs or is stopped. Exit code 1 where it is refused; nothing has changed then."""
    await node.open()
    async with slots.sole_builder(node.db) as mine:
        if not mine:
            log.error("another rebuild is at work on this store; wait for its end, or end that process")
            return REFUSED
        async with node.db.begin() as conn:
            live = await slots.live(conn)
        if not await slots.empty(node.db, slots.other(live), [FACTS]):
            log.error("a transaction has been open for a minute; end it, or the process that has it, then rebuild again")
            return REFUSED
        async with AsyncExitStack() as stack:
            done = await _fill(node, slots.other(live), stack)
        if done and not await slots.empty(node.db, live, [FACTS]):
            log.warning("the old tables are still read by a long transaction; the next rebuild empties them")
        return 0 if done else REFUSED


async def _fill(node: Node, slot: str, stack: AsyncExitStack) -> bool:
    """Fills the slot from the log and makes it live. False where it holds less than the live one does."""
    progress = Progress()
    places = await node.observer.places(node.spec.topics)
    await _directory(node, slot, places, progress)
    workers = [await stack.enter_async_context(Worker(node, slot, progress)) for _ in range(WORKERS)]
    progress.left = sum((await node.observer.ends([place for place in places if place[0] != DIRECTORY])).values())
    partitions = sorted({partition for _, partition in places})
    await asyncio.gather(*(_stretches(worker, places, partitions[n::WORKERS]) for n, worker in enumerate(workers)))
    while True:
        await _catch_up(workers[0], places)
        await workers[0].node.run(renew)
        if (switched := await _switch(node, workers[0], places)) is not None:
            progress.tell("rebuilt" if switched else "not rebuilt")
            return switched


async def _directory(node: Node, slot: str, places: Sequence[Place], progress: Progress) -> None:
    """First, by a worker of its own: its snapshot of the directory would be an empty one for a second."""
    async with Worker(node, slot, progress) as worker:
        await worker.read([place for place in places if place[0] == DIRECTORY])


async def _stretches(worker: "Worker", places: Sequence[Place], partitions: Sequence[int]) -> None:
    """Partition by partition, all topics of one together: the facts of a complaint then meet in few batches."""
    for partition in partitions:
        await worker.read([place for place in places if place[1] == partition])


async def _catch_up(worker: "Worker", places: Sequence[Place]) -> None:
    while await worker.read(places) > SMALL:
        pass


async def _switch(node: Node, worker: "Worker", places: Sequence[Place]) -> bool | None:
    """Reads the last records while the live consumer is held, so that the figures never go back. None: try again."""
    try:
        async with node.db.begin() as conn, asyncio.timeout(10):
            live = await slots.hold(conn)
            reached = await positions.read(conn, node.consumer)
            await worker.read(places)
            if missing := await newly_parked(conn, live, slots.other(live)):
                log.error("records cannot be taken that the live figures hold, so these stay", records=missing)
                return False
            if _behind(await worker.reached(), reached):
                return None
            await discard_again(conn, live, slots.other(live))
            await slots.switch(conn, slots.other(live))
            return True
    except Exception as error:
        if not transient(error):
            raise
        log.info("the switch is tried again", error=type(error).__name__)
        return None


class Worker:
    """One reader and one engine in the slot; two of them work on different partitions. `read` raises the Stop that ends its engine."""

    def __init__(self, node: Node, slot: str, progress: Progress) -> None:
        spec = replace(node.spec, opening=slots.opening(slot), batch_opening=None)
        # Its transactions wait for each other's processor time, and there is no group that could give its partitions away.
        settings = node.settings.model_copy(update={"kafka_session_timeout_ms": 600_000})
        self.node = Node(spec, settings)
        self._progress = progress
        self._again = False

    async def __aenter__(self) -> "Worker":
        await self.node.open()
        self.node.engine.subscription, self.node.engine.sift = self, newest
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.node.stop()

    async def read(self, places: Sequence[Place]) -> int:
        """Takes what these partitions hold beyond the stored positions, up to their ends as they are now; returns how many."""
        ends, taken = await self.node.observer.ends(places), 0
        while start := _behind(await self.reached(), ends):
            self._again = False
            async with aclosing(_gathered(self.node.observer.stretch(start, BATCH))) as batches:
                async for records in batches:
                    await self._take(records)
                    taken += len(records)
                    if self._again:
                        break
        return taken

    async def reached(self) -> dict[Place, int]:
        async with self.node.read() as conn:
            return await positions.read(conn, self.node.consumer)

    async def _take(self, records: Sequence[RawRecord]) -> None:
        await self.node.engine.batch(records)
        if self.node.failed:
            raise Stop(self.node.failed.code, f"{self.node.failed}; the live figures stay as they are")
        self._progress.add(0 if self._again else len(records))

    def rewind(self, place: Place, offset: int) -> None:
        """The engine asks for records to be read again."""
        self._again = True

    async def commit(self, positions: Mapping[Place, int]) -> None:
        """There is no group to tell."""

    async def stop(self) -> None:
        """Nothing to end: the node's observer is the reader."""


def newest(records: Sequence[RawRecord]) -> list[RawRecord]:
    """Without the facts that a later version among these replaces whole: reading their states would be half of a rebuild's work."""
    last: dict[tuple[str, bytes | None], int] = {}
    versions = [_version(raw) for raw in records]
    for raw, version in zip(records, versions, strict=True):
        if version is not None:
            last[raw.topic, raw.key] = max(version, last.get((raw.topic, raw.key), version))
    return [raw for raw, version in zip(records, versions, strict=True) if version is None or version == last[raw.topic, raw.key]]


def _version(raw: RawRecord) -> int | None:
    """None where the engine must look itself: no fact, or none that can be read."""
    try:
        version = from_json(raw.value or b"")["version"] if raw.topic in FACT_TOPICS else None
    except (ValueError, LookupError, TypeError):
        return None
    return version if type(version) is int else None


def _behind(reached: Mapping[Place, int], ends: Mapping[Place, int]) -> dict[Place, int]:
    """Where to go on at the places that have not reached these ends."""
    return {place: reached.get(place, 0) for place, end in ends.items() if reached.get(place, 0) < end}


async def _gathered(stretch: AsyncIterator[list[RawRecord]]) -> AsyncGenerator[list[RawRecord], None]:
    """The same records in large batches: the fewer statements, and the fewer states of one complaint to write."""
    held: list[RawRecord] = []
    async for records in stretch:
        held += records
        if len(held) >= BATCH:
            yield held
            held = []
    if held:
        yield held
