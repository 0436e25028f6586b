"""The figures are derived anew while lives are lived and readers ask: never a half-built answer, and the same figures in the end."""

import asyncio
import time
from dataclasses import astuple
from typing import Any

import pytest

from services.stats.domain import fact_row
from services.stats.models import COLUMNS
from shared.messaging.registers import from_row
from tests.reliability.command import command
from tests.reliability.form import AT_ONCE, KILLS, LONGEST, SOME
from tests.reliability.load import Load
from tests.reliability.population import directory_of
from tests.reliability.trial import Trial
from tests.reliability.world import World
from tests.support.wire import Wire

ROWS = f"select {', '.join(COLUMNS)} from complaint_fact order by complaint_id"
SLOT = "select slot from public.live"


@pytest.mark.timeout(LONGEST)
async def test_figures_derived_anew_under_load_are_equal_and_never_half_built(faulty: World, load: Load, trial: Trial) -> None:
    async with load.going(AT_ONCE):
        await load.reach(load.ended + SOME)
        for _ in range(KILLS):
            (before,) = await faulty.rows("stats", SLOT)
            began = time.monotonic()
            counted = await _counted_during_a_rebuild(faulty)
            took = time.monotonic() - began
            assert counted == sorted(counted)
            assert counted[0] < counted[-1]
            assert await faulty.rows("stats", SLOT) != [before]
            trial.effective(f"rebuilt in {took:.1f} s while the figures went from {counted[0]} to {counted[-1]} in {len(counted)} answers")
    await trial.must_hold(faulty, load)
    assert [tuple(row) for row in await faulty.rows("stats", ROWS)] == await _as_intake_knows_them(faulty)


async def _as_intake_knows_them(world: World) -> list[tuple[Any, ...]]:
    """The rows that the registers of another store would give."""
    known = await directory_of(world.stores["routing"])
    registers = map(from_row, await world.rows("intake", "select * from register order by complaint_id"))
    return [astuple(fact_row(one, known)) for one in registers]


async def _counted_during_a_rebuild(world: World) -> list[int]:
    """How many complaints the figures had, asked again and again from before a rebuild until after it."""
    stats = Wire(world.platform.url("stats"))
    try:
        counted = [await _counted(stats)]
        rebuild = asyncio.create_task(command(world, "stats", "rebuild"))
        while not rebuild.done():
            counted.append(await _counted(stats))
            await asyncio.sleep(0.1)
        done = await rebuild
        assert done.code == 0, done.said
        return [*counted, await _counted(stats)]
    finally:
        stats.close()


async def _counted(stats: Wire) -> int:
    reply = await stats.request("GET", "/v1/figures?by=month")
    rows: list[dict[str, Any]] = reply.json()["rows"]
    assert reply.status == 200
    return sum(row["n"] for row in rows)
