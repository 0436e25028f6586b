"""Faults of one replica among two: frozen past its session, held back, come and gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from signal import SIGCONT, SIGSTOP, SIGTERM

from tests.reliability.faults import LOOKS
from tests.reliability.world import World

TAKE_OVER_SECONDS = 60
"""From a freeze until the other replica has taken all: longer is a failure."""

_IDLE_INSIDE = """
    select count(*) from pg_stat_activity
    where application_name = $1 and state = 'idle in transaction' and state_change < clock_timestamp() - interval '0.2 s'"""


@dataclass(frozen=True)
class Frozen:
    """inside: batches' transactions that were open in the frozen process. seconds: until another replica had taken all it had in hand."""

    service: str
    inside: int
    in_hand: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.service} frozen with {self.inside} batches open, {self.in_hand} records taken by the other after {self.seconds:.1f} s"
        )


@asynccontextmanager
async def second(world: World, services: Sequence[str]) -> AsyncIterator[None]:
    """One more replica of each, until the block ends."""
    names = [f"{service}.1" for service in services]
    for name in names:
        world.platform.start_service(name, wait=False)
    for name in names:
        await asyncio.to_thread(world.platform.supervisor.wait_ready, name)
    try:
        yield
    finally:
        for name in names:
            await asyncio.to_thread(world.platform.kill_service, name, SIGTERM)


async def freeze(world: World, service: str, rng: Random) -> int:
    """SIGSTOP at a random moment, inside a batch's transaction: how many were open. At other moments it goes on as if nothing had been."""
    for _ in range(LOOKS):
        await asyncio.sleep(rng.uniform(0.05, 0.4))
        world.platform.kill_service(service, SIGSTOP)
        await asyncio.sleep(0.3)
        if inside := int(await world.stores[service].fetchval(_IDLE_INSIDE, f"wasl-{service}-log")):
            return inside
        world.platform.kill_service(service, SIGCONT)
    raise AssertionError(f"{service} was inside no batch at {LOOKS} moments: the load is too light for this test to say anything")


async def zombies(world: World, services: Sequence[str], rng: Random) -> list[Frozen]:
    """Freezes the first replica of each until its second has taken over what it had in hand, then lets it write on."""
    try:
        return await asyncio.gather(*(_taken_over(world, service, rng) for service in services))
    finally:
        for service in services:
            world.platform.kill_service(service, SIGCONT)


async def _taken_over(world: World, service: str, rng: Random) -> Frozen:
    inside, began = await freeze(world, service, rng), time.monotonic()
    ends = await world.ends(service)
    in_hand = await world.behind(service, ends)
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        while await world.behind(service, ends):
            await asyncio.sleep(0.1)
    return Frozen(service, inside, in_hand, time.monotonic() - began)


@asynccontextmanager
async def held_back(world: World, service: str) -> AsyncIterator[None]:
    """Its batches wait for a lock on its own positions until the block ends; its process, its session and its requests go on."""
    async with world.stores[service].transaction():
        await world.stores[service].execute("lock table consumer_position in exclusive mode")
        yield
