"""What is done to a world. A fault counts only when it hit work in flight, and that is measured, not assumed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from signal import SIGCONT, SIGKILL, SIGSTOP

from shared.messaging.positions import Place
from tests.reliability.groups import assigned
from tests.reliability.load import Load
from tests.reliability.world import World

_HOLD = """
    insert into lease (name, holder, until) values ('relay', 'nobody', clock_timestamp() + interval '1 hour')
    on conflict (name) do update set holder = excluded.holder, until = excluded.until"""
LOOKS = 40
"""So many random moments are tried until one has work in flight."""


@asynccontextmanager
async def relay_held(world: World, service: str) -> AsyncIterator[None]:
    """What the service commits stays in its outbox until the block ends: its relay finds the lease in another's hands."""
    await world.stores[service].execute(_HOLD)
    try:
        yield
    finally:
        await world.stores[service].execute("delete from lease where holder = 'nobody'")


@dataclass(frozen=True)
class InFlight:
    """What a process had in hand at one moment, measured while it stood still.

    records: of its own partitions, written before that moment and not taken by then. outbox: committed, not known as sent; 0 beside a
    second replica, which may be the one that sends. requests: sent to it and not answered. transactions: open; told, but not counted,
    for a look into the store has one too.
    """

    records: int
    outbox: int
    requests: int
    transactions: int

    @property
    def any(self) -> bool:
        return self.records + self.outbox + self.requests > 0

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in vars(self).items() if count) or "nothing"


@dataclass(frozen=True)
class Kill:
    """An effective kill. looks: moments tried. caught_up: seconds from the kill until all was taken that the log held at that moment."""

    service: str
    in_flight: InFlight
    looks: int
    caught_up: float

    def __str__(self) -> str:
        return f"{self.service} killed with {self.in_flight} in flight (look {self.looks}), caught up {self.caught_up:.1f} s after"


async def kill(world: World, service: str, load: Load, rng: Random) -> Kill:
    """SIGKILL at a random moment with work in flight, then a new start. The caller keeps the load going.

    The process is frozen, what it has in hand is measured, and it is killed before it runs again: so the measurement is of the
    very moment of its death. With nothing in hand it goes on as if nothing had been, and another moment is tried.
    """
    for look in range(1, LOOKS + 1):
        await asyncio.sleep(rng.uniform(0.05, 0.4))
        mine = await assigned(world, service)
        ends = {place: end for place, end in (await world.ends(service)).items() if place in mine}
        world.platform.kill_service(service, SIGSTOP)
        in_flight = await _in_flight(world, service, load, ends)
        if in_flight.any:
            return Kill(service, in_flight, look, await _killed(world, service, ends))
        world.platform.kill_service(service, SIGCONT)
    raise AssertionError(f"{service} had nothing in flight at {LOOKS} moments: the load is too light for this test to say anything")


async def _in_flight(world: World, service: str, load: Load, ends: dict[Place, int]) -> InFlight:
    alone = not world.platform.supervisor.running(f"{service}.1")
    outbox = await world.outbox(service) if alone else 0
    return InFlight(await world.behind(service, ends), outbox, load.ways.in_flight(service), await world.transactions(service))


async def _killed(world: World, service: str, ends: dict[Place, int]) -> float:
    began = time.monotonic()
    await asyncio.to_thread(world.platform.kill_service, service, SIGKILL)
    await world.start(service)
    while await world.behind(service, ends):
        await asyncio.sleep(0.02)
    return time.monotonic() - began
