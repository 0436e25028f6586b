"""Whole lives through all five services, and what these grow to meanwhile."""

from dataclasses import dataclass, field

from tests.bench import processes
from tests.bench.bench import Bench, Clock, between, costs
from tests.bench.jobs import Lives
from tests.bench.spread import Figures, Spread

AT_ONCE = 400
"""Most of them wait: a second before each act that another service must first hear of, so that there are never more than half as many
lives a second. With 160 a fast host stood idle for a fifth of its time."""


@dataclass
class Memory:
    """Resident megabytes of each service, looked at after each block."""

    looks: list[dict[str, float]] = field(default_factory=list)

    def figures(self) -> Figures:
        """At the end, and its growth over the second half, in percent."""
        half, end = self.looks[len(self.looks) // 2 - 1], self.looks[-1]
        now = {f"memory_mb_{name}": Spread.of([megabytes]) for name, megabytes in end.items()}
        return now | {f"memory_growth_{name}": Spread.of([(end[name] / half[name] - 1) * 100]) for name in end}


async def lives(bench: Bench, name: str = "lives") -> Figures:
    """Whole lives a second while they are lived; facts a second until all five services have taken all, their notices sent."""
    cost: list[dict[str, float]] = []
    memory, drains = Memory(), [0.0]

    async def block(told: str) -> tuple[float, float]:
        facts, used, clock = await bench.facts(), bench.used(), Clock()
        done = await bench.lived(Lives(bench.targets, f"{name}/{told}/{facts}", bench.form.life_seconds, AT_ONCE))
        drains.append(await bench.world.steady())
        cost.append(bench.cost(used, done.all))
        memory.looks.append(processes.memory(bench.world.platform))
        per_second = (await bench.facts() - facts) / clock.seconds
        bench.say(f"{told}: {done.rate:.1f} lives/s, {done.all} in all; {per_second:.0f} facts/s, lag steady {drains[-1]:.1f} s after")
        return done.rate, per_second

    yards, done = await bench.alternate(name, block, bench.yardstick, bench.form.pairs)
    found = {
        "lives_per_s": Spread.of([rate for rate, _ in done]),
        "facts_per_s": Spread.of([facts for _, facts in done]),
        "inserts_for_a_life": Spread.of([yard / rate for yard, (rate, _) in zip(between(yards), done, strict=True)]),
        "lives_steady_s": Spread.of(drains[2:]),
        **costs("life", cost[1:]),
        **memory.figures(),
    }
    bench.known[name], bench.known[f"{name}_inserts"] = found["lives_per_s"].mid, found["inserts_for_a_life"].mid
    return found


async def rate_of_lives(bench: Bench) -> float:
    """As this run has measured it, or by a block of its own."""
    if "lives" not in bench.known:
        done = await bench.lived(Lives(bench.targets, "rate", bench.form.life_seconds, AT_ONCE))
        await bench.world.steady()
        bench.known["lives"] = done.rate
        bench.say(f"one block for its rate: {done.rate:.1f} lives/s")
    return bench.known["lives"]
