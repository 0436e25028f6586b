"""SIGKILL of each service while lives are lived: nothing lost, nothing doubled, and it catches up by itself."""

from random import Random

import pytest

from deploy.local.environment import SERVICES
from tests.reliability import faults, replicas
from tests.reliability.form import AT_ONCE, KILLS, LIVES, LONGEST, SEED
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

TWICE = ("routing", "stats")
"""Services of which a second replica runs."""
RUSH = 24
"""More lives at every moment between two kills, so that each kill finds stores that have grown."""


@pytest.mark.timeout(LONGEST)
async def test_killed_services_lose_and_double_nothing(faulty: World, load: Load, trial: Trial) -> None:
    rng, before, kills = Random(f"{SEED}/kill"), load.ended, SERVICES * KILLS
    async with load.going(2 * AT_ONCE):  # a random moment must have work in flight, of two replicas too
        async with replicas.second(faulty, TWICE):
            for n, service in enumerate(kills, 1):
                trial.effective(await faults.kill(faulty, service, load, rng))
                await load.rush(before + LIVES * n // len(kills), RUSH)
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
