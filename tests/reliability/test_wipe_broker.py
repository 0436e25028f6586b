"""The broker has lost everything: the writers fill its topics again from their stores, and a new store of figures counts the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGTERM

import pytest

from deploy.local import databases
from deploy.local.environment import SERVICES
from shared.messaging import topics
from shared.runtime import migrate
from tests.reliability import backups
from tests.reliability.checkers import conservation, nothing_lost_in_stores, nothing_parked
from tests.reliability.command import command
from tests.reliability.conftest import SEED, SOME
from tests.reliability.groups import delete_topics
from tests.reliability.load import BODIES, Load
from tests.reliability.outages import start_all
from tests.reliability.trial import Trial
from tests.reliability.ways import Json, Targets
from tests.reliability.world import World, world
from tests.support.wire import Wire

pytestmark = pytest.mark.proof

AT_ONCE = 12
WRITERS = ("routing", "intake", "deadlines", "notifications")


@pytest.fixture
async def wiped(platform_folder: Path) -> AsyncIterator[World]:
    async with world(platform_folder / "wiped") as made:
        yield made


async def figures(world: World) -> dict[str, list[Json]]:
    wire = Wire(world.platform.url("stats"))
    try:
        asked = {by: await wire.request("GET", f"/v1/figures?by={by}") for by in ("body", "public_service", "territory", "month")}
    finally:
        wire.close()
    assert {reply.status for reply in asked.values()} == {200}
    return {by: reply.json()["rows"] for by, reply in asked.items()}


async def new_store(world: World, service: str) -> None:
    await world.leave(service)
    beside = world.stores["intake"]
    await beside.execute(f"drop database wasl_{service} with (force)")
    await asyncio.to_thread(databases.ensure, world.platform.ports["postgres"], [service], world.platform.home.secret)
    owner = world.platform.pg_url(f"wasl_{service}", f"{service}_owner")
    await asyncio.to_thread(migrate.upgrade, service, owner)
    await world.enter(service)


@pytest.mark.timeout(600)
async def test_an_emptied_log_is_written_again_from_the_stores(wiped: World, trial: Trial) -> None:
    load = Load(Targets.of(wiped.platform, *BODIES), SEED)
    async with load.going(AT_ONCE):
        await load.reach(SOME)
    await wiped.steady()
    before, rows, mails = await figures(wiped), await backups.content(wiped, "stats"), Counter(wiped.mails())
    assert sum(row["n"] for row in before["month"]) == len(load.lives)
    for service in SERVICES:
        wiped.platform.kill_service(service, SIGTERM)
    delete_topics(wiped, topics.load().topics)
    wiped.platform.ensure_topics()
    await new_store(wiped, "stats")
    for service in WRITERS:
        done = await command(wiped, service, "republish")
        print(f"{service}: {done.said}")
        assert done.code == 0, done.said
    await start_all(wiped)
    await wiped.steady()
    assert await figures(wiped) == before
    assert backups.differences(rows, await backups.content(wiped, "stats")) == []
    assert Counter(wiped.mails()) == mails
    trial.effective("figures, rows and mails are what they were before all topics were deleted")
    async with load.going(AT_ONCE):
        await load.reach(load.ended + AT_ONCE)
    await wiped.steady()
    found = [*await nothing_lost_in_stores(wiped, load.lives), *await conservation(wiped, load.lives), *await nothing_parked(wiped)]
    assert found == []
