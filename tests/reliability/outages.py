"""Faults of what the services stand on: the broker away, a store closed, the whole database killed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import psutil

from deploy.local.environment import SERVICES
from tests.reliability.faults import LOOKS
from tests.reliability.life import Life
from tests.reliability.load import PLANS, Load
from tests.reliability.world import World

FILED = 15
"""Filings during one outage of the broker."""

_CUT = """
    select count(*) filter (where pg_terminate_backend(pid)) as sessions, count(xact_start) as inside
    from pg_stat_activity where usename = $1"""


@dataclass(frozen=True)
class Outage:
    """An effective one. at_once: what was under way when it began, by where. held_back: outbox rows of intake that waited at its end."""

    of: str
    at_once: dict[str, int]
    seconds: float
    held_back: int = 0

    def __str__(self) -> str:
        return f"{self.of} away for {self.seconds:.1f} s with {self.at_once} under way, {self.held_back} rows held back at intake"


async def under_way(world: World, rng: Random) -> dict[str, int]:
    """At a random moment with work in flight: what it is, by where."""
    for _ in range(LOOKS):
        await asyncio.sleep(rng.uniform(0.05, 0.6))
        if left := await world.left_to_do():
            return left
    raise AssertionError(f"nothing was under way at {LOOKS} moments: the load is too light for this test to say anything")


async def file_now(load: Load, count: int) -> None:
    """So many filings, each of which is accepted at the first try."""
    for _ in range(count):
        life = Life(load.ways, len(load.lives), "open", Random(f"{load.seed}/{len(load.lives)}"))
        load.lives.append(life)
        await PLANS[life.plan](life)
        load.ended += 1
        assert [told.partition(" ")[2] for told in life.told] == ["file: 201"]


async def broker_killed(world: World, load: Load, rng: Random) -> Outage:
    """kill -9 of Kafka with work in flight, filings meanwhile, then back on the same data. The caller keeps the load going."""
    found, began = await under_way(world, rng), time.monotonic()
    world.platform.kafka.kill()
    await file_now(load, FILED)
    held_back = await world.outbox("intake")
    assert held_back >= FILED
    await asyncio.to_thread(world.platform.kafka.start)
    return Outage("Kafka", found, time.monotonic() - began, held_back)


async def database_killed(world: World, rng: Random) -> dict[str, int]:
    """kill -9 of every process of PostgreSQL with work in flight: what that was."""
    found = await under_way(world, rng)
    server = psutil.Process(world.platform.postgres.pid)
    workers = server.children(recursive=True)
    world.platform.postgres.kill()
    for worker in workers:
        worker.kill()
    psutil.wait_procs(workers, 10)
    return found


async def database_back(world: World) -> None:
    await asyncio.to_thread(world.platform.postgres.start)
    for service in SERVICES:
        await world.enter(service)


async def start_all(world: World) -> None:
    """All five at once; returns once each says that it is ready."""
    for service in SERVICES:
        world.platform.start_service(service, wait=False)
    for service in SERVICES:
        await asyncio.to_thread(world.platform.supervisor.wait_ready, service)


@asynccontextmanager
async def store_closed(world: World, service: str, rng: Random) -> AsyncIterator[str]:
    """The service's sessions are cut, at least one of them inside a transaction, and its database lets nobody in until the block ends."""
    cut = inside = 0
    for _ in range(LOOKS):
        (row,) = await world.rows(service, _CUT, f"{service}_app")
        cut, inside = cut + row["sessions"], inside + row["inside"]
        if inside:
            break
        await asyncio.sleep(rng.uniform(0.02, 0.3))
    assert inside, f"no session of {service} was inside a transaction at {LOOKS} moments"
    beside = SERVICES[SERVICES.index(service) - 1]  # a database cannot be closed from within
    await world.rows(beside, f"alter database wasl_{service} allow_connections false")
    await world.rows(service, _CUT, f"{service}_app")
    try:
        yield f"{service}: {cut} sessions cut, {inside} of them inside a transaction, and let in no more"
    finally:
        await world.rows(beside, f"alter database wasl_{service} allow_connections true")
