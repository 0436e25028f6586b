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


@pytest.mark.timeout(LONGEST)
async def test_killed_services_lose_and_double_nothing(faulty: World, load: Load, trial: Trial) -> None:
    rng, target = Random(f"{SEED}/kill"), load.ended + LIVES
    async with load.going(2 * AT_ONCE):  # a random moment must have work in flight, of two replicas too
        async with replicas.second(faulty, TWICE):
            for service in SERVICES * KILLS:
                trial.effective(await faults.kill(faulty, service, load, rng))
            await load.reach(target)
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
