"""Looks into the five stores of a running platform: each as its own application, of one instant, in the slot that is live."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from deploy.local.environment import SERVICES
from deploy.local.home import Refusal
from deploy.local.platform import Platform
from shared.messaging import slots

SECONDS = 10


@asynccontextmanager
async def open_stores(platform: Platform) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """A connection to each store. Raises Refusal where one does not answer."""
    async with AsyncExitStack() as stack:
        found: dict[str, asyncpg.Connection] = {}
        for service in SERVICES:
            found[service] = await open_store(platform, service)
            stack.push_async_callback(found[service].close)
        yield found


async def open_store(platform: Platform, service: str) -> asyncpg.Connection:
    url = platform.pg_url(f"wasl_{service}", f"{service}_app", "postgresql")
    try:
        return await asyncpg.connect(url, timeout=SECONDS, command_timeout=60, server_settings={"application_name": "wasl-operator"})
    except (OSError, asyncpg.PostgresError) as error:
        log = platform.home / "logs" / "postgres.log"
        raise Refusal(
            f"the store of {service} does not answer ({type(error).__name__}); look at {log}, `make up` starts it again"
        ) from None


@asynccontextmanager
async def instant(store: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Everything read in the block is of one instant, and nothing is written."""
    async with store.transaction(isolation="repeatable_read", readonly=True):
        if await store.fetchval("select to_regclass('public.live') is not null"):
            await store.execute(slots.OPENING)
        yield store
