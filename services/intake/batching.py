"""Group commit: filings that arrive together are written together, so that a commit's disk flush is shared."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.runtime.db import transient
from shared.runtime.errors import Problem

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 32
"""Items of one group: a group is one transaction, and a slow one holds all of its callers."""
WIDTH = 3
"""Groups under way at once, so that one is made ready while others are written and flushed: with two, both wait for the store at times."""
ENOUGH = MOST // 2
"""Items that make another group worth its transaction while some are under way; fewer wait for the end of one of those."""


class Batcher(Generic[Item, Result]):
    """Hands items to `work` in groups, the larger the more come at once; a lone caller waits for nobody.

    `work` gives a result or a Problem for each item, in order, or raises for all of them. When it raises for a reason that
    one item may have brought along, each is tried alone: nobody fails for another's fault.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Problem]]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._drains: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def submit(self, item: Item) -> Result:
        """The item's own result, or raises what went wrong with it."""
        self._loop = self._loop or asyncio.get_running_loop()  # to look for it asks the system who we are
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting.append((item, future))
        if self._worth_a_group(self._under_way):
            self._under_way += 1
            drain = asyncio.create_task(self._drain())
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await future

    def _worth_a_group(self, others: int) -> bool:
        return bool(self._waiting) and (not others or (others < WIDTH and len(self._waiting) >= ENOUGH))

    async def _drain(self) -> None:
        try:
            while self._worth_a_group(self._under_way - 1):
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle(group)
        finally:
            # No await since the last look at what waits: an item that comes now starts a drain, or there is one that will see it.
            self._under_way -= 1

    async def _settle(self, group: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results: Sequence[Result | Problem | Exception] = await self._work([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it is handed to each caller
            if len(group) > 1 and not (isinstance(error, Problem) or transient(error)):
                for alone in group:
                    await self._settle([alone])
                return
            results = [error] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if future.done():  # its caller went away
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
