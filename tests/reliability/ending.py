"""How every test of a fault ends."""

from tests.reliability.checkers import check
from tests.reliability.conftest import SEED
from tests.reliability.history import report
from tests.reliability.load import Load
from tests.reliability.world import World


async def must_hold(world: World, load: Load) -> None:
    """Waits until nothing is left to do, then asks every checker; a failure names the seed and tells the history of what broke."""
    print(f"steady {await world.steady():.1f} s after the load, {len(load.lives)} lives so far")
    result = await check(world, load.lives)
    print(result)
    assert not result.findings, await report(world, load.lives, result.findings, SEED)
