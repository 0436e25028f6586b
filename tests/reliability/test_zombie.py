"""A replica is frozen inside a batch, another takes over, and the first wakes: its late writes change nothing."""

from random import Random

import pytest

from tests.reliability import replicas
from tests.reliability.form import AT_ONCE, KILLS, LONGEST, SEED, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

SERVICES = ("stats", "routing")


@pytest.mark.proof  # what is frozen at a random moment must be inside a batch, which takes more load than the short form has
@pytest.mark.timeout(LONGEST)
async def test_a_zombie_changes_nothing(faulty: World, load: Load, trial: Trial) -> None:
    rng, target = Random(f"{SEED}/zombie"), load.ended + SOME
    async with load.going(2 * AT_ONCE):  # a random moment must fall into a batch
        async with replicas.second(faulty, SERVICES):
            for _ in range(KILLS):
                for frozen in await replicas.zombies(faulty, SERVICES, rng):
                    assert frozen.in_hand > 0
                    trial.effective(frozen)
            await load.reach(target)
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
