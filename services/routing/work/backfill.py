"""Papers that were stored before there was a search, or fingerprints, are made findable while the service runs.

What is missing is found by what is there, so a process that was killed is followed by the next, at the first that is still missing;
two at once do the same work, never a wrong one.
"""

import asyncio
import time
from functools import partial
from uuid import UUID

import structlog

from services.routing.triage import store as triage
from services.routing.triage.domain import print_of
from services.routing.work import search_store
from shared.messaging.node import Node
from shared.messaging.tasks import patiently
from shared.messaging.tx import Tx

log = structlog.get_logger()

CHUNK, WINDOW = 50, 2_000
"""Papers of one transaction, which are locked for it, and whose words hold the process up for some hundredths of a second; and those
that it looks through for them."""
SHARE = 0.5
"""Of the time at most goes into it."""
TELL_EVERY_S, PAUSE_S = 10, 1.0
FIRST = UUID(int=0)


async def fill_search(node: Node) -> None:
    """Goes once through all papers, in id order, and tells how far it is; then there is nothing left for it to do."""
    after: UUID | None = FIRST
    made, told = 0, time.monotonic()
    while after is not None:
        reached = after
        after, found, took = await patiently(partial(_timed, node, reached), "the search waits for the store", PAUSE_S)
        made += found
        if made and (after is None or time.monotonic() - told >= TELL_EVERY_S):
            told = time.monotonic()
            log.info("papers of before made findable", made=made, reached=str(after or reached), done=after is None)
        await asyncio.sleep(took * (1 / SHARE - 1))


async def _timed(node: Node, after: UUID) -> tuple[UUID | None, int, float]:
    """As fill_chunk, and the seconds that it took, without any wait for the store."""
    began = time.monotonic()
    return *await node.run(partial(fill_chunk, after=after)), time.monotonic() - began


async def fill_chunk(tx: Tx, after: UUID) -> tuple[UUID | None, int]:
    """Makes the rows of the next papers that have none: how far it came (None: there were no more), and how many."""
    reached, papers = await search_store.unindexed(tx.conn, after, WINDOW, CHUNK)
    await search_store.index(tx.conn, papers)
    ids = [one.complaint_id for one in papers]
    await triage.put_prints(tx.conn, [print_of(header, doc) for header, doc in await triage.unprinted(tx.conn, ids)])
    return reached, len(papers)
