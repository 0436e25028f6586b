"""Faults of one replica among two: frozen past its session, held back, come and gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP, SIGTERM

import psutil

from shared.messaging.positions import Place
from tests.reliability.groups import assigned
from tests.reliability.world import World

TAKE_OVER_SECONDS = 90
"""From a freeze until the other replica has taken all: longer is a failure."""

_BATCHES = "select count(*) from pg_stat_activity where application_name = $1 and client_port = any($2::int[]) and "
_WAITING = f"{_BATCHES} wait_event_type = 'Lock'"
# Between two statements, or between the preparing of one and its run: there it is "active", and waits for its client too.
_FROZEN = f"{_BATCHES} xact_start is not null and wait_event = 'ClientRead' and state_change < clock_timestamp() - interval '0.2 s'"
_POSITIONS = "select format('%I.%I', schemaname, tablename) from pg_tables where tablename = 'consumer_position'"


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


async def freeze(world: World, service: str) -> int:
    """SIGSTOP of one of two replicas inside a batch's transaction: how many were open.

    A batch of each waits for a lock, and is given it when the one process stands.
    """
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        # Whoever is held back while partitions change hands keeps them from it.
        while not all([await assigned(world, service, replica) for replica in "01"]):
            await asyncio.sleep(0.1)
    async with asyncio.timeout(TAKE_OVER_SECONDS), held_back(world, service):
        # Of each: one alone may have two that wait, a batch and what it does with partitions that it has just been given.
        while not all([await _batches(world, replica, _WAITING) for replica in (service, f"{service}.1")]):
            await asyncio.sleep(0.1)
        world.platform.kill_service(service, SIGSTOP)
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        while not (inside := await _batches(world, service, _FROZEN)):
            await asyncio.sleep(0.1)
    return inside


async def _batches(world: World, replica: str, which: str) -> int:
    """Of this process. Cleared first: the server shows one transaction the same activity for as long as it lasts."""
    service = replica.partition(".")[0]
    process = psutil.Process(world.platform.supervisor.pid(replica))
    ports = [connection.laddr.port for connection in process.net_connections("tcp")]
    await world.stores[service].execute("select pg_stat_clear_snapshot()")
    return int(await world.stores[service].fetchval(which, f"wasl-{service}-log", ports))


async def zombies(world: World, services: Sequence[str]) -> list[Frozen]:
    """Freezes the first replica of each until its second has taken over what it had in hand, then lets it write on."""
    try:
        return await asyncio.gather(*(_taken_over(world, service) for service in services))
    finally:
        for service in services:
            world.platform.kill_service(service, SIGCONT)


async def _taken_over(world: World, service: str) -> Frozen:
    inside, in_hand, ends = await _with_work(world, service)
    began = time.monotonic()
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        while await world.behind(service, ends):
            await asyncio.sleep(0.1)
    return Frozen(service, inside, in_hand, time.monotonic() - began)


async def _with_work(world: World, service: str) -> tuple[int, int, dict[Place, int]]:
    """Frozen with so many batches open, and records in hand up to these ends; without any, another moment is tried."""
    while True:
        inside, ends = await freeze(world, service), await world.ends(service)
        if in_hand := await world.behind(service, ends):
            return inside, in_hand, ends
        world.platform.kill_service(service, SIGCONT)


@asynccontextmanager
async def held_back(world: World, service: str) -> AsyncIterator[None]:
    """Its batches wait for a lock on its own positions until the block ends; its process, its session and its requests go on."""
    store = world.stores[service]
    async with store.transaction():
        tables = ", ".join(row[0] for row in await store.fetch(_POSITIONS))
        await store.execute(f"lock table {tables} in exclusive mode")
        yield
