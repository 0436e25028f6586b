"""SIGKILL of each service while lives are lived: nothing lost, nothing doubled, and it catches up by itself."""

from random import Random

import pytest

from deploy.local.environment import SERVICES
from tests.reliability import faults
from tests.reliability.checkers import check
from tests.reliability.conftest import KILLS, LIVES, SEED
from tests.reliability.history import report
from tests.reliability.load import Load
from tests.reliability.world import World

AT_ONCE = 12


@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_killed_service_loses_and_doubles_nothing(faulty: World, load: Load, service: str) -> None:
    rng, target = Random(f"{SEED}/{service}"), load.ended + LIVES // len(SERVICES)
    async with load.going(AT_ONCE):
        for _ in range(KILLS):
            print(await faults.kill(faulty, service, load, rng))
        await load.reach(target)
    print(f"steady {await faulty.steady():.1f} s after the load, {len(load.lives)} lives so far")
    result = await check(faulty, load.lives)
    print(result)
    assert not result.findings, await report(faulty, load.lives, result.findings, SEED)
