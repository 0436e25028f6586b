"""Joins facts to rows: a changed complaint is counted anew, whatever changed in it."""

import asyncio
from collections.abc import Sequence

from services.stats import store
from services.stats.domain import fact_row, time_zone
from shared.contracts.directory import DirectoryRecord
from shared.messaging.node import Node
from shared.messaging.registers import Change
from shared.messaging.tasks import patiently
from shared.messaging.tx import Tx

CHUNK = 1000
LOOK_SECONDS = 60


async def handle(changes: Sequence[Change], tx: Tx) -> None:
    await store.upsert(tx.conn, [fact_row(change.after, tx.directory) for change in changes])


async def on_directory(records: Sequence[DirectoryRecord], tx: Tx) -> None:
    """The first records may come after the first complaints."""
    await renew(tx)


async def renew(tx: Tx) -> int:
    """Makes rows again that were made before their procedure, or the pack's time zone, was known; returns how many.

    A snapshot from before the pack was read makes none: rows that were rightly made meanwhile would be made by less.
    """
    if tx.directory.pack is None:
        return 0
    ids = await store.made_too_early(tx.conn, [law.ref for law in tx.directory.procedures.values()], time_zone(tx.directory))
    for start in range(0, len(ids), CHUNK):
        known = await tx.lock_many(ids[start : start + CHUNK])
        await store.upsert(tx.conn, [fact_row(registers, tx.directory) for registers in known.values()])
    return len(ids)


async def keep_renewing(node: Node) -> None:
    """Another replica may make a row from an older snapshot of the directory while this one stores the record."""
    while True:
        await patiently(lambda: node.run(renew), "rows that were made too early wait for the store", LOOK_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)
