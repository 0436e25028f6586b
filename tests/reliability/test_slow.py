"""A consumer is held back and let go, a replica comes and goes meanwhile: it catches up, and each complaint keeps its order."""

import asyncio
import os

import pytest

from tests.reliability import replicas
from tests.reliability.form import AT_ONCE, LONGEST, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

HELD_SECONDS = float(os.environ.get("WASL_PROOF_HELD_SECONDS", "10"))
"""300 in the long form: more than a member may go without a poll."""
HELD = "deadlines"


@pytest.mark.timeout(LONGEST)
async def test_a_consumer_that_was_held_back_catches_up_in_order(faulty: World, load: Load, trial: Trial) -> None:
    target = load.ended + SOME
    async with load.going(AT_ONCE):
        async with replicas.held_back(faulty, HELD):
            await asyncio.sleep(HELD_SECONDS)
            ends = await faulty.ends(HELD)
            behind = await faulty.behind(HELD, ends)
        assert behind > AT_ONCE
        async with replicas.second(faulty, [HELD]):
            while await faulty.behind(HELD, ends):
                await asyncio.sleep(0.1)
            trial.effective(f"{HELD} was {behind} records behind after {HELD_SECONDS:.0f} s, and has taken them with one replica more")
            await load.reach(target)
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
