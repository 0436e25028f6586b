"""The loop that decides the lists of a week when its hour has come."""

import asyncio

import structlog

from services.notifications.handlers import Handlers
from services.notifications.weekly import store
from services.notifications.weekly.domain import Week, answering, latest, lists
from shared.messaging.node import Node
from shared.messaging.tasks import patiently
from shared.messaging.tx import Tx

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Between two looks at the clock, which cost no statement; small, because a simulated week may take seconds."""


async def keep_listing(node: Node, handlers: Handlers) -> None:
    """Runs until cancelled; a store that is away is waited for."""
    done: Week | None = None

    async def look() -> Week | None:
        week = latest(await node.directory(), node.clock.now())
        if week and week != done:
            await node.run(lambda tx: decide(tx, handlers))
        return week

    while True:
        done = await patiently(look, "weekly lists wait for the store", LOOK_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)


async def decide(tx: Tx, handlers: Handlers) -> None:
    """Writes the lists of the newest week that is due, all in this transaction, unless that was done: each body has one a week.

    A week that is too old to be told is passed over, so that a store that was away begins with the next one.
    """
    week = latest(tx.directory, tx.now)
    if week is None or not await store.begin(tx.conn, week):
        return
    if handlers.seconds_left(week.at, tx) <= 0:
        log.info("the lists of a week are too old to be sent", week=week.code)
        return
    found = lists(week, await store.cases(tx.conn, week, answering(tx.directory)), tx.directory)
    await handlers.tell_bodies({(body, intent.code): intent for body, intent in found.items()}, tx)
    log.info("weekly lists decided", week=week.code, bodies=len(found))
