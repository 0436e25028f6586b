"""A replica is frozen inside a batch, another takes over, and the first wakes: its late writes change nothing."""

import pytest

from tests.reliability import replicas
from tests.reliability.form import AT_ONCE, KILLS, LONGEST, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

SERVICES = ("stats", "routing")


@pytest.mark.timeout(LONGEST)
async def test_a_zombie_changes_nothing(faulty: World, load: Load, trial: Trial) -> None:
    target = load.ended + SOME
    async with load.going(2 * AT_ONCE):  # both replicas must have batches
        async with replicas.second(faulty, SERVICES):
            for _ in range(KILLS):
                for frozen in await replicas.zombies(faulty, SERVICES):
                    assert frozen.in_hand > 0
                    trial.effective(frozen)
            await load.reach(target)
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
