"""Kafka is killed under load, or is not there when the services start: filings go on, and what waited arrives once it is back."""

import asyncio
from random import Random

import pytest

from deploy.local.environment import SERVICES
from tests.reliability import outages
from tests.reliability.form import AT_ONCE, KILLS, LONGEST, SEED, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World


@pytest.mark.timeout(LONGEST)
async def test_a_broker_that_is_killed_and_comes_back_loses_and_doubles_nothing(faulty: World, load: Load, trial: Trial) -> None:
    rng, target = Random(f"{SEED}/broker"), load.ended + SOME
    async with load.going(AT_ONCE):
        for _ in range(KILLS):
            trial.effective(await outages.broker_killed(faulty, load, rng))
        await load.reach(target)
    await trial.must_hold(faulty, load)


@pytest.mark.timeout(300)
async def test_services_started_without_the_broker_take_filings(faulty: World, load: Load, trial: Trial) -> None:
    async with load.going(AT_ONCE):
        await load.reach(load.ended + AT_ONCE)
    for service in SERVICES:
        faulty.platform.kill_service(service)
    faulty.platform.kafka.kill()
    await outages.start_all(faulty)
    await outages.file_now(load, outages.FILED)
    assert await faulty.outbox("intake") >= outages.FILED
    trial.effective("five services started without Kafka")
    await asyncio.to_thread(faulty.platform.kafka.start)
    await trial.must_hold(faulty, load)
