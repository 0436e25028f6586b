"""What is measured: product and yardstick in alternating blocks, so that whatever else the machine does falls on both."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from signal import SIGTERM
from statistics import median
from typing import TypeVar

from deploy.local.environment import SERVICES
from shared.contracts.registry import FACT_TOPICS
from tests.bench import processes
from tests.bench.generator import Lives, Posts, Result
from tests.bench.processes import generate
from tests.reliability.load import BODIES
from tests.reliability.ways import Targets
from tests.reliability.world import World

AT_ONCE = 64

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Spread:
    """The median of a figure over the blocks, and its ends."""

    mid: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(round(median(values), 3), round(min(values), 3), round(max(values), 3))


@dataclass
class Bench:
    """A world with the yardstick beside it; `say` is told each block."""

    world: World
    yard: str
    pairs: int
    seconds: float
    say: Say

    async def lives(self) -> dict[str, Spread]:
        """Whole lives a second while they are lived; facts a second until all five services have taken all, their notices sent."""
        targets = Targets.of(self.world.platform, *BODIES)

        cost: list[dict[str, float]] = []

        async def block(name: str) -> tuple[float, float]:
            facts, used, began = await self._facts(), processes.used(self.world.platform), time.monotonic()
            done = await generate(Lives(targets, f"{began}", self.seconds, AT_ONCE))
            drain = await self.world.steady()
            cost.append(self._cost(used, done.n))
            per_second = (await self._facts() - facts) / (time.monotonic() - began)
            self.say(f"{name}: {done.rate:.1f} lives/s, {done.n} in all; {per_second:.0f} facts/s, lag steady {drain:.1f} s after")
            return done.rate, per_second

        yards, done = await self._alternate("lives", block)
        return {
            "lives_per_s": Spread.of([rate for rate, _ in done]),
            "facts_per_s": Spread.of([facts for _, facts in done]),
            "inserts_for_a_life": Spread.of([yard / rate for yard, (rate, _) in zip(yards, done, strict=True)]),
            **_costs("life", cost[1:]),
        }

    async def filing(self) -> dict[str, Spread]:
        """Filings a second at saturation, by intake alone with its relay: what others do with the facts is in `lives`."""
        for name in SERVICES[1:]:
            await asyncio.to_thread(self.world.platform.kill_service, name, SIGTERM)
        results: list[Result] = []
        cost: list[dict[str, float]] = []
        job = Posts(self.world.platform.url("intake"), "/v1/complaints", self.seconds / 2, AT_ONCE)

        async def block(name: str) -> float:
            used = processes.used(self.world.platform)
            done = await generate(job)
            drain = await self._empty_outbox()
            results.append(done)
            cost.append(self._cost(used, done.n))
            self.say(f"{name}: {done.rate:.0f} filings/s, p50 {done.p50:.0f} ms, p99 {done.p99:.0f} ms; outbox empty {drain:.1f} s after")
            return done.rate

        yards, rates = await self._alternate("filing", block)
        return {
            "filings_per_s": Spread.of(rates),
            "filing_p50_ms": Spread.of([done.p50 for done in results[1:]]),
            "filing_p99_ms": Spread.of([done.p99 for done in results[1:]]),
            "filing_to_insert": Spread.of([rate / yard for rate, yard in zip(rates, yards, strict=True)]),
            "inserts_per_s": Spread.of(yards),
            **_costs("filing", cost[1:]),
        }

    def memory(self) -> dict[str, Spread]:
        return {f"memory_mb_{name}": Spread.of([megabytes]) for name, megabytes in processes.memory(self.world.platform).items()}

    async def _alternate(self, name: str, block: Callable[[str], Awaitable[T]]) -> tuple[list[float], list[T]]:
        """yardstick, block, yardstick, block … yardstick: each block is judged by the mean of the two beside it. The first two warm up."""
        await self._yardstick(f"{name} warming up")
        await block(f"{name} warming up")
        yards, done = [await self._yardstick(f"{name} 0/{self.pairs}")], []
        for pair in range(1, self.pairs + 1):
            done.append(await block(f"{name} {pair}/{self.pairs}"))
            yards.append(await self._yardstick(f"{name} {pair}/{self.pairs}"))
        return [(before + after) / 2 for before, after in pairwise(yards)], done

    async def _yardstick(self, name: str) -> float:
        done = await generate(Posts(self.yard, "/rows", self.seconds / 3, AT_ONCE))
        self.say(f"{name}: yardstick {done.rate:.0f} inserts/s, p50 {done.p50:.0f} ms, p99 {done.p99:.0f} ms")
        return done.rate

    async def _facts(self) -> int:
        ends = await self.world.ends("stats")
        return sum(end for (topic, _), end in ends.items() if topic in FACT_TOPICS)

    def _cost(self, before: dict[str, float], n: int) -> dict[str, float]:
        """Milliseconds of processor time for each one of n, by part."""
        return {name: (seconds - before[name]) * 1000 / n for name, seconds in processes.used(self.world.platform).items()}

    async def _empty_outbox(self) -> float:
        began = time.monotonic()
        while await self.world.outbox("intake"):
            await asyncio.sleep(0.05)
        return time.monotonic() - began


def _costs(of: str, blocks: list[dict[str, float]]) -> dict[str, Spread]:
    return {f"cpu_ms_a_{of}_{part}": Spread.of([block[part] for block in blocks]) for part in blocks[0]}
