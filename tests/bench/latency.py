"""From a filing's receipt to its due date on the tracking page and to its row among the figures, against one hop of the outbox.

One hop: until an observer at the end of intake's topic has the fact of the same filing. All three begin when the receipt is here, which
is just after the commit.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from shared.contracts.registry import INTAKE
from tests.bench.bench import FILINGS, Bench
from tests.bench.generator import FILING
from tests.bench.jobs import Lives
from tests.bench.lives import rate_of_lives
from tests.bench.spread import Figures, Spread, at_share, of_latencies
from tests.bench.tail import Tail, tail
from tests.support.wire import Wire

PAUSE = 0.006
"""Seconds between two looks, which are a load too: none before the fact is on the log, since without it nobody can know of the filing."""
APART = 0.05
"""Seconds between two filings that are followed."""
_COUNTED = "select 1 from complaint_fact where complaint_id = $1"


@dataclass(frozen=True)
class Probe:
    """Milliseconds from the receipt."""

    hop: float
    due: float
    counted: float


async def idle(bench: Bench) -> Figures:
    return _figures(bench, "idle", await _probed(bench))


async def under_half_load(bench: Bench) -> Figures:
    """While whole lives are begun at half of this run's rate."""
    rate, seconds = await rate_of_lives(bench) / 2, bench.form.probes * 4 * APART
    load = asyncio.create_task(bench.lived(Lives(bench.targets, "half load", seconds, rate=rate)))
    await asyncio.sleep(1)
    probes = await _probed(bench, load)
    await load
    await bench.world.steady()
    return _figures(bench, "half_load", probes)


async def _probed(bench: Bench, load: "asyncio.Task[Any] | None" = None) -> list[Probe]:
    """As many as the form asks for, or until the load has ended."""
    probes: list[Probe] = []
    wire = Wire(bench.intake)
    async with tail(bench.world, INTAKE, "stats") as observer:
        await _followed(bench, wire, observer)
        while len(probes) < bench.form.probes and not (load and load.done()):
            probes.append(await _followed(bench, wire, observer))
            await asyncio.sleep(APART)
    wire.close()
    return probes


async def _followed(bench: Bench, wire: Wire, observer: Tail) -> Probe:
    reply = await wire.request("POST", FILINGS, FILING, {"Idempotency-Key": str(uuid4())})
    began, receipt = time.perf_counter(), reply.json()
    assert reply.status == 201, receipt
    async with asyncio.timeout(60):
        hop = await observer.came(receipt["id"])
        ends = await asyncio.gather(_due(wire, receipt), _counted(bench, receipt["id"]))
    return Probe(*(max(0.0, end - began) * 1000 for end in (hop, *ends)))


async def _due(wire: Wire, receipt: dict[str, Any]) -> float:
    path, key = f"{FILINGS}/{receipt['reference']}", {"Authorization": f"Bearer {receipt['secret']}"}
    while not (await wire.request("GET", path, None, key)).json().get("due"):
        await asyncio.sleep(PAUSE)
    return time.perf_counter()


async def _counted(bench: Bench, id: str) -> float:
    while not await bench.world.rows("stats", _COUNTED, id):
        await asyncio.sleep(PAUSE)
    return time.perf_counter()


def _figures(bench: Bench, load: str, probes: list[Probe]) -> Figures:
    hop, due, counted = (at_share([getattr(probe, name) for probe in probes], 0.5) for name in ("hop", "due", "counted"))
    bench.say(f"{load}: {len(probes)} filings followed; one hop {hop:.1f} ms, due date on the page {due:.1f} ms, figures {counted:.1f} ms")
    return {
        **of_latencies(f"{load}_hop", [probe.hop for probe in probes]),
        **of_latencies(f"{load}_due", [probe.due for probe in probes]),
        **of_latencies(f"{load}_counted", [probe.counted for probe in probes]),
        f"{load}_due_to_hop": Spread.of([due / hop]),
        f"{load}_counted_to_hop": Spread.of([counted / hop]),
    }
