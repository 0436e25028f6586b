"""The broker has lost everything: the writers fill its topics again from their stores, and a new store of figures counts the same."""

import asyncio
from collections import Counter
from signal import SIGTERM

import pytest

from deploy.local import databases
from deploy.local.environment import SERVICES
from shared.messaging import topics
from shared.runtime import migrate
from tests.reliability import backups
from tests.reliability.command import command
from tests.reliability.form import AT_ONCE, LONGEST, SOME
from tests.reliability.groups import delete_topics
from tests.reliability.load import Load
from tests.reliability.outages import start_all
from tests.reliability.trial import Trial
from tests.reliability.ways import Json
from tests.reliability.world import World
from tests.support.wire import Wire

WRITERS = ("routing", "intake", "deadlines", "notifications")


async def figures(world: World) -> dict[str, list[Json]]:
    wire = Wire(world.platform.url("stats"))
    try:
        asked = {by: await wire.request("GET", f"/v1/figures?by={by}") for by in ("body", "public_service", "territory", "month")}
    finally:
        wire.close()
    assert {reply.status for reply in asked.values()} == {200}
    return {by: reply.json()["rows"] for by, reply in asked.items()}


async def new_store(world: World, service: str) -> None:
    """Empty, and migrated; the service is stopped."""
    await world.leave(service)
    beside = world.stores["intake"]
    await beside.execute(f"drop database wasl_{service} with (force)")
    await asyncio.to_thread(databases.ensure, world.platform.ports["postgres"], [service], world.platform.home.secret)
    owner = world.platform.pg_url(f"wasl_{service}", f"{service}_owner")
    await asyncio.to_thread(migrate.upgrade, service, owner)
    await world.enter(service)
    await world.witness(service)


@pytest.mark.timeout(LONGEST)
async def test_an_emptied_log_is_written_again_from_the_stores(faulty: World, load: Load, trial: Trial) -> None:
    async with load.going(AT_ONCE):
        await load.reach(load.ended + SOME)
    await faulty.steady()
    before, rows, mails = await figures(faulty), await backups.content(faulty, "stats"), Counter(faulty.mails())
    assert sum(row["n"] for row in before["month"]) == len(load.lives)
    for service in SERVICES:
        faulty.platform.kill_service(service, SIGTERM)
    await faulty.keep_past()
    delete_topics(faulty, topics.load().topics)
    faulty.platform.ensure_topics()
    await new_store(faulty, "stats")
    for done in await asyncio.gather(*(command(faulty, service, "republish") for service in WRITERS)):
        print(done.said)
        assert done.code == 0, done.said
    await start_all(faulty)
    await faulty.steady()
    assert await figures(faulty) == before
    wrong = backups.differences(rows, await backups.content(faulty, "stats"))
    assert wrong == [], "; ".join(wrong)
    assert Counter(faulty.mails()) == mails
    trial.effective("figures, rows and mails are what they were before all topics were deleted")
    async with load.going(AT_ONCE):
        await load.reach(load.ended + AT_ONCE)
    await trial.must_hold(faulty, load)
