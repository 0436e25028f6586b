"""A run: the world with the yardstick beside it. Product and yardstick alternate, so that what else the machine does falls on both."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from shared.contracts.registry import FACT_TOPICS
from tests.bench import processes
from tests.bench.jobs import Arrivals, Lives, Posts, Result
from tests.bench.processes import generate
from tests.bench.spread import Figures, Spread
from tests.reliability.load import BODIES
from tests.reliability.ways import Targets
from tests.reliability.world import World

AT_ONCE = 64
FILINGS, ROWS = "/v1/complaints", "/rows"
TELL_SECONDS = 10

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Form:
    """How much is measured. pairs: blocks of each kind, each between two of the yardstick; probes: single filings that are followed.

    facts: of the log at least, so that a rebuild takes seconds.
    """

    pairs: int
    life_seconds: float
    yard_seconds: float
    filing_seconds: float
    spike_seconds: float
    probes: int
    rebuilds: int
    facts: int


SHORT = Form(pairs=3, life_seconds=10, yard_seconds=2.5, filing_seconds=3, spike_seconds=12, probes=60, rebuilds=1, facts=15_000)
WHOLE = Form(pairs=5, life_seconds=20, yard_seconds=20, filing_seconds=3, spike_seconds=60, probes=300, rebuilds=3, facts=60_000)


@dataclass
class Bench:
    """`say` is told each block. What one phase has measured and others need stands in `known`."""

    world: World
    yard: str
    form: Form
    say: Say
    known: dict[str, float] = field(default_factory=dict)

    @property
    def intake(self) -> str:
        return self.world.platform.url("intake")

    @property
    def targets(self) -> Targets:
        return Targets.of(self.world.platform, *BODIES)

    async def alternate(
        self, name: str, block: Callable[[str], Awaitable[T]], yard: Callable[[str], Awaitable[Result]], pairs: int
    ) -> tuple[list[Result], list[T]]:
        """yardstick, block, yardstick, block … yardstick. The first two warm up and are not among those returned."""
        await yard(f"{name} warming up")
        await block(f"{name} warming up")
        yards, done = [await yard(f"{name} 0/{pairs}")], []
        for pair in range(1, pairs + 1):
            done.append(await block(f"{name} {pair}/{pairs}"))
            yards.append(await yard(f"{name} {pair}/{pairs}"))
        return yards, done

    async def yardstick(self, name: str) -> Result:
        return await self.measured(f"{name}: yardstick", "inserts", Posts(self.yard, ROWS, self.form.yard_seconds, AT_ONCE))

    async def measured(self, name: str, what: str, job: Posts | Arrivals) -> Result:
        """Raises where anything was refused: a rate of refusals says nothing."""
        done = _good(await generate(job))
        self.say(f"{name} {done.rate:.0f} {what}/s, p50 {done.p50:.0f} ms, p99 {done.p99:.0f} ms")
        return done

    async def lived(self, job: Lives) -> Result:
        return _good(await generate(job))

    async def steady(self, limit: float) -> float:
        """As the world's; a wait that is long says every ten seconds what is left."""
        clock, told = Clock(), 0

        def seen(left: Mapping[str, int]) -> None:
            nonlocal told
            if clock.seconds > (told + 1) * TELL_SECONDS:
                told += 1
                self.say(f"waiting for {', '.join(f'{name} {n}' for name, n in left.items())}")

        return await self.world.steady(limit, seen)

    async def facts(self) -> int:
        """How many facts the log holds."""
        ends = await self.world.ends("stats")
        return sum(end for (topic, _), end in ends.items() if topic in FACT_TOPICS)

    def used(self) -> dict[str, float]:
        return processes.used(self.world.platform)

    def cost(self, before: dict[str, float], n: int) -> dict[str, float]:
        """Milliseconds of processor time for each one of n, by part."""
        return {name: (seconds - before[name]) * 1000 / n for name, seconds in self.used().items()}


def between(yards: list[Result]) -> list[float]:
    """What each block is judged by: the mean rate of the two yardsticks beside it."""
    return [(before.rate + after.rate) / 2 for before, after in pairwise(yards)]


def costs(of: str, blocks: list[dict[str, float]]) -> Figures:
    return {f"cpu_ms_a_{of}_{part}": Spread.of([block[part] for block in blocks]) for part in blocks[0]}


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


def _good(done: Result) -> Result:
    if done.answers.wrong or done.answers.later:
        raise RuntimeError(f"refused under load: {done.answers.later} times later, {done.answers.wrong[:3]}")
    return done
