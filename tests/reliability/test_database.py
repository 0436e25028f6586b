"""A service's database lets nobody in, then all of PostgreSQL is killed: who needs it says so, the others go on, all catch up."""

from random import Random

import pytest

from deploy.local.environment import SERVICES
from tests.reliability import outages
from tests.reliability.form import AT_ONCE, KILLS, LONGEST, SEED, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World
from tests.support.wire import Reply, Wire

READS = {
    "intake": "/v1/complaints/{0}",
    "routing": "/v1/cases/{0}",
    "deadlines": "/v1/complaints/{0}/deadlines",
    "notifications": "/v1/notices?reference={0}",
    "stats": "/v1/figures?by=body",
}


async def read(world: World, service: str, reference: str) -> Reply:
    wire = Wire(world.platform.url(service))
    try:
        headers = {"Authorization": f"Bearer {world.platform.token('national-desk')}"}
        return await wire.request("GET", READS[service].format(reference), None, headers)
    finally:
        wire.close()


async def said(world: World, reference: str) -> dict[str, str]:
    """What each service answers, in a word."""
    replies = {service: await read(world, service, reference) for service in SERVICES}
    return {service: _word(reply) for service, reply in replies.items()}


def _word(reply: Reply) -> str:
    if reply.status == 503 and reply.json()["code"] == "store-unavailable" and int(reply.header("Retry-After") or 0) > 0:
        return "later"
    return str(reply.status)


async def known_to_all(world: World, load: Load) -> str:
    """The reference of a complaint that every service knows."""
    async with load.going(AT_ONCE):
        await load.reach(load.ended + 1)
    await world.steady()
    reference = next(life.reference for life in load.lives if life.id)
    assert await said(world, reference) == dict.fromkeys(SERVICES, "200")
    return reference


@pytest.mark.timeout(LONGEST)
async def test_a_store_that_lets_nobody_in_stops_its_own_service_only(faulty: World, load: Load, trial: Trial) -> None:
    reference = await known_to_all(faulty, load)
    rng, target = Random(f"{SEED}/store"), load.ended + SOME
    async with load.going(AT_ONCE):
        for service in SERVICES * KILLS:
            async with outages.store_closed(faulty, service, rng) as what:
                assert await said(faulty, reference) == dict.fromkeys(SERVICES, "200") | {service: "later"}
                trial.effective(what)
        await load.reach(target)
    await trial.must_hold(faulty, load)


@pytest.mark.timeout(LONGEST)
async def test_a_database_server_that_is_killed_loses_and_doubles_nothing(faulty: World, load: Load, trial: Trial) -> None:
    reference = await known_to_all(faulty, load)
    rng, target = Random(f"{SEED}/database"), load.ended + SOME
    async with load.going(AT_ONCE):
        for _ in range(KILLS):
            trial.effective(f"PostgreSQL killed with {await outages.database_killed(faulty, rng)} under way")
            assert await said(faulty, reference) == dict.fromkeys(SERVICES, "later")
            await outages.database_back(faulty)
        await load.reach(target)
    await trial.must_hold(faulty, load)
