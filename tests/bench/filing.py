"""Filings over HTTP against the bare insert: at saturation, and at half of it, where arrivals wait for nobody."""

import asyncio
from signal import SIGTERM

from deploy.local.environment import SERVICES
from tests.bench.bench import AT_ONCE, FILINGS, ROWS, Bench, Clock, between, costs
from tests.bench.jobs import Arrivals, Posts, Result
from tests.bench.spread import Figures, Spread

CATCH_UP_SECONDS = 600


async def filing(bench: Bench) -> Figures:
    """By intake alone with its relay: what the others do with the facts is in `lives`. They catch up before this returns."""
    for name in SERVICES[1:]:
        await asyncio.to_thread(bench.world.platform.kill_service, name, SIGTERM)
    found = await _saturated(bench)
    found |= await _half(bench)
    clock, facts = Clock(), await bench.facts()
    await asyncio.gather(*(bench.world.start(name) for name in SERVICES[1:]))
    await bench.steady(CATCH_UP_SECONDS)
    bench.say(f"the other four have caught up {clock.seconds:.0f} s after their start, with {await bench.facts() - facts} facts of theirs")
    return found


async def _saturated(bench: Bench) -> Figures:
    cost: list[dict[str, float]] = []

    async def block(name: str) -> Result:
        used = bench.used()
        done = await bench.measured(f"{name}:", "filings", Posts(bench.intake, FILINGS, bench.form.filing_seconds, AT_ONCE))
        await _empty_outbox(bench)
        cost.append(bench.cost(used, done.n))
        return done

    yards, done = await bench.alternate("filing", block, bench.yardstick, bench.form.pairs)
    bench.known["filing"], bench.known["inserts"] = Spread.of([one.rate for one in done]).mid, Spread.of([one.rate for one in yards]).mid
    return {
        "filings_per_s": Spread.of([one.rate for one in done]),
        "inserts_per_s": Spread.of([one.rate for one in yards]),
        "filing_to_insert": Spread.of([one.rate / yard for one, yard in zip(done, between(yards), strict=True)]),
        **_latencies("filing", done),
        **_latencies("insert", yards),
        **costs("filing", cost[1:]),
    }


async def _half(bench: Bench) -> Figures:
    """Each at half of its own rate, as it was measured just before."""
    seconds = bench.form.filing_seconds

    async def block(name: str) -> Result:
        done = await bench.measured(f"{name}:", "filings", Arrivals(bench.intake, FILINGS, seconds, bench.known["filing"] / 2))
        await _empty_outbox(bench)
        return done

    async def yard(name: str) -> Result:
        return await bench.measured(f"{name}: yardstick", "inserts", Arrivals(bench.yard, ROWS, seconds, bench.known["inserts"] / 2))

    yards, done = await bench.alternate("half", block, yard, bench.form.pairs)
    return _latencies("half_filing", done) | _latencies("half_insert", yards)


def _latencies(name: str, done: list[Result]) -> Figures:
    return {f"{name}_p50_ms": Spread.of([one.p50 for one in done]), f"{name}_p99_ms": Spread.of([one.p99 for one in done])}


async def _empty_outbox(bench: Bench) -> None:
    while await bench.world.outbox("intake"):
        await asyncio.sleep(0.05)
