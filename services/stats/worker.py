"""Who fills a slot from the log: a reader of some partitions and an engine of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import chain

from services.stats import store
from services.stats.batches import BATCH, gathered, ids_of, newest, parts
from services.stats.derive import Derive, Rows
from services.stats.progress import Progress
from shared.messaging import positions, registers, slots
from shared.messaging.apply import take
from shared.messaging.codec import decode
from shared.messaging.engine import Stop
from shared.messaging.node import Node
from shared.messaging.positions import Place
from shared.messaging.records import Decoded, RawRecord
from shared.messaging.tx import Tx

FEW = 500
"""A batch with a record that cannot be taken is taken in such pieces; of one of them each record alone."""


@dataclass(frozen=True)
class Prepared:
    """What a batch of so many records comes to: rows of complaints that the slot does not hold yet, and all else, read."""

    records: int
    rows: list[Rows]
    rest: list[Decoded]


class Worker:
    """One of several in the slot; they work on different partitions. `read` raises the Stop that ends its engine."""

    def __init__(self, node: Node, slot: str, progress: Progress, derive: Derive) -> None:
        spec = replace(node.spec, opening=slots.opening(slot), batch_opening=None)
        # Its transactions wait for each other's processor time, and there is no group that could give its partitions away.
        settings = node.settings.model_copy(update={"kafka_session_timeout_ms": 600_000})
        self.node = Node(spec, settings)
        self._progress, self._derive = progress, derive
        self._prepared: Prepared | None = None
        self._again = False

    async def __aenter__(self) -> "Worker":
        await self.node.open()
        self.node.engine.subscription, self.node.engine.whole = self, self._whole
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.node.stop()

    async def read(self, places: Sequence[Place]) -> int:
        """Takes what these partitions hold beyond the stored positions, up to their ends as they are now; returns how many."""
        ends, taken = await self.node.observer.ends(places), 0
        while start := behind(await self.reached(), ends):
            self._again = False
            async with aclosing(gathered(self.node.observer.stretch(start, BATCH))) as batches:
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
        self._prepared = await self._prepare(records)
        size = len(records) if self._prepared else FEW
        for start in range(0, len(records), size):
            if not self._again:
                await self._batch(records[start : start + size])

    async def _batch(self, records: Sequence[RawRecord]) -> None:
        await self.node.engine.batch(records)
        if self.node.failed:
            raise Stop(self.node.failed.code, f"{self.node.failed}; the live figures stay as they are")
        self._progress.add(0 if self._again else len(records))

    async def _prepare(self, records: Sequence[RawRecord]) -> Prepared | None:
        """Outside of any transaction. None where it cannot be done: the engine finds out which record it is, or waits for the store."""
        try:
            kept = newest(records)
            ids = ids_of(kept)
            async with self.node.read() as conn:
                held = await registers.held(conn, set(ids.values()))
            new = {key for key, id in ids.items() if id not in held}
            directory = await self.node.directory()
            rows = await asyncio.gather(*(self._derive(part, directory) for part in parts([raw for raw in kept if raw.key in new])))
            return Prepared(len(records), rows, [decode(raw) for raw in kept if raw.key not in new])
        except Exception as error:
            if isinstance(error, Stop):
                raise
            return None

    async def _whole(self, tx: Tx, records: Sequence[RawRecord]) -> None:
        """Rows first: a new record of the directory, which is among the rest, looks at them again."""
        if self._prepared is None or self._prepared.records != len(records):
            await take(self.node.spec, tx, [decode(raw) for raw in newest(records)])
            return
        made = self._prepared.rows
        await registers.bring(tx.conn, chain.from_iterable(rows.registers for rows in made))
        await store.bring(tx.conn, chain.from_iterable(rows.facts for rows in made))
        for id in chain.from_iterable(rows.erased for rows in made):
            tx.erase(id)
        await take(self.node.spec, tx, self._prepared.rest)

    def rewind(self, place: Place, offset: int) -> None:
        """The engine asks for records to be read again."""
        self._again = True

    async def commit(self, positions: Mapping[Place, int]) -> None:
        """There is no group to tell."""

    async def stop(self) -> None:
        """Nothing to end: the node's observer is the reader."""


def behind(reached: Mapping[Place, int], ends: Mapping[Place, int]) -> dict[Place, int]:
    """Where to go on at the places that have not reached these ends."""
    return {place: reached.get(place, 0) for place, end in ends.items() if reached.get(place, 0) < end}
