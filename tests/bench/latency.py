"""From a filing's receipt to its due date on the tracking page and to its row among the figures, against one hop of the outbox.

One hop: until an observer at the end of intake's topic has the fact of the same filing. All three begin when the receipt is here, which
is just after the commit.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from shared.contracts.registry import DEADLINES, INTAKE
from tests.bench.bench import FILINGS, Bench
from tests.bench.generator import FILING
from tests.bench.jobs import Lives
from tests.bench.lives import rate_of_lives
from tests.bench.spread import Figures, Spread, at_share, of_latencies
from tests.bench.tail import Tail, tail
from tests.support.wire import Wire

PAUSE = 0.003
"""Seconds between two looks, which are a load too: none at the figures before the filing's fact is on the log, none at the page before
that of its due date is, since without them nothing can be there."""
APART, APART_UNDER_LOAD = 0.25, 0.05
"""Seconds between two filings that are followed: idle is where the routing and the mails of one are over when the next one comes."""
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
    rate, seconds = await rate_of_lives(bench) / 2, bench.form.probes * 4 * APART_UNDER_LOAD
    load = asyncio.create_task(bench.lived(Lives(bench.targets, "half load", seconds, rate=rate)))
    await asyncio.sleep(1)
    probes = await _probed(bench, load)
    await load
    await bench.world.steady()
    return _figures(bench, "half_load", probes)


async def _probed(bench: Bench, load: "asyncio.Task[Any] | None" = None) -> list[Probe]:
    """As many as the form asks for, or until the load has ended."""
    probes: list[Probe] = []
    wire, figures = Wire(bench.intake), await bench.world.store("stats")
    async with tail(bench.world, (INTAKE, DEADLINES), "stats") as observer:
        await _followed(wire, figures, observer)
        while len(probes) < bench.form.probes and not (load and load.done()):
            probes.append(await _followed(wire, figures, observer))
            await asyncio.sleep(APART_UNDER_LOAD if load else APART)
    wire.close()
    return probes


async def _followed(wire: Wire, figures: asyncpg.Connection, observer: Tail) -> Probe:
    reply = await wire.request("POST", FILINGS, FILING, {"Idempotency-Key": str(uuid4())})
    began, receipt = time.perf_counter(), reply.json()
    assert reply.status == 201, receipt
    id = receipt["id"]
    async with asyncio.timeout(60):
        hop = await observer.came(INTAKE, id)
        ends = await asyncio.gather(_due(wire, receipt, observer), _counted(figures, id))
    return Probe(*(max(0.0, end - began) * 1000 for end in (hop, *ends)))


async def _due(wire: Wire, receipt: dict[str, Any], observer: Tail) -> float:
    await observer.came(DEADLINES, receipt["id"])
    path, key = f"{FILINGS}/{receipt['reference']}", {"Authorization": f"Bearer {receipt['secret']}"}
    while not (await wire.request("GET", path, None, key)).json().get("due"):
        await asyncio.sleep(PAUSE)
    return time.perf_counter()


async def _counted(figures: asyncpg.Connection, id: str) -> float:
    while not await figures.fetchval(_COUNTED, id):
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
