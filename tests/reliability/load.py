"""A load: many lives at once, drawn from a seed, on real connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.reliability.life import Life
from tests.reliability.ways import Stuck, Targets, Ways

Plan = Callable[[Life], Awaitable[None]]


async def _answered(life: Life) -> None:
    await life.file("water-bill", "water-office")
    await life.take_up()
    await life.answer("favourable")
    await life.rate()


async def _asked(life: Life) -> None:
    await life.file("water-supply", "water-office")
    await life.take_up()
    await life.ask()
    await life.supply()
    await life.answer("unfounded")
    await life.rate()


async def _triaged(life: Life) -> None:
    await life.file(None, "")
    await life.assign("water-office")
    await life.take_up()
    await life.answer("before-court")


async def _transferred(life: Life) -> None:
    await life.file("dams", "ministry-waters")
    await life.take_up()
    await life.assign("commune-prima")
    await life.take_up()
    await life.answer("favourable")


async def _approved(life: Life) -> None:
    """Under a law that wants one approval."""
    more = {"procedure": "access-to-information", "body": "water-office", "coded": {"urgent": "no"}, "private": {"information": "Tout."}}
    await life.file(None, "water-office", more)
    await life.take_up()
    await life.draft("granted")
    await life.answer("granted")


async def _withdrawn(life: Life) -> None:
    await life.file("water-bill", "water-office")
    if life.rng.random() < 0.5:
        await life.take_up()
    await life.withdraw()


async def _open(life: Life) -> None:
    await life.file("civil-status", "commune-prima")


PLANS: Mapping[str, Plan] = {
    "answered": _answered,
    "asked": _asked,
    "triaged": _triaged,
    "transferred": _transferred,
    "approved": _approved,
    "withdrawn": _withdrawn,
    "open": _open,
}
WEIGHTS = {"answered": 4, "asked": 3, "triaged": 1, "transferred": 1, "approved": 1, "withdrawn": 2, "open": 1}
TELL_SECONDS = 30
BODIES = ("water-office", "ministry-waters", "commune-prima")


@dataclass
class Load:
    """Lives of one seed; `lives` are all that were begun. Numbers, and so the filers' addresses, are never used twice."""

    targets: Targets
    seed: str
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)
    lead: float = 0.0
    lives: list[Life] = field(default_factory=list)
    ended: int = 0

    def __post_init__(self) -> None:
        self.ways = Ways(self.targets, lead=self.lead)
        self._rng, self._going = Random(self.seed), False

    @asynccontextmanager
    async def going(self, at_once: int) -> AsyncIterator[None]:
        """So many lives at every moment, one after another, until the block ends; those under way are then lived to their end."""
        self._going = True
        workers = [asyncio.create_task(self._work(lambda: self._going)) for _ in range(at_once)]
        try:
            yield
        finally:
            self._going = False
            await asyncio.gather(*workers)
            self.ways.close()

    async def rush(self, ended: int, more: int) -> None:
        """So many more lives at every moment, until so many have ended since the beginning; the others go on."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(more):
                workers.create_task(self._work(lambda: self.ended < ended))
            await self.reach(ended)

    async def reach(self, ended: int, seconds: float = 150) -> None:
        """Waits until so many lives have ended since the beginning; raises TimeoutError when none has for so long.

        Says now and then how far it is.
        """
        told = time.monotonic()
        while self.ended < ended:
            async with asyncio.timeout(seconds):
                last = self.ended
                while self.ended == last:
                    await asyncio.sleep(0.02)
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                print(f"{time.strftime('%X')} {self.ended} of {ended} lives", flush=True)

    async def live(self, plan: str, **given: Any) -> Life:
        """One life of this plan, to its end. Raises Stuck."""
        life = self.begin(plan, **given)
        await PLANS[plan](life)
        self.ended += 1
        return life

    async def _work(self, on: Callable[[], bool]) -> None:
        while on():
            life = self.begin(*self._rng.choices(list(self.weights), list(self.weights.values())))
            try:
                await PLANS[life.plan](life)
            except Stuck as stuck:
                life.failed = str(stuck)
            self.ended += 1

    def begin(self, plan: str, **given: Any) -> Life:
        """A life that nothing has happened in yet; whoever begins it lives it."""
        number = len(self.lives)
        self.lives.append(Life(self.ways, number, plan, Random(f"{self.seed}/{number}"), **given))
        return self.lives[-1]
