"""A store goes back to its backup while the log and the other four stores are further: it takes back what it had told, and reads on."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from signal import SIGTERM

import pytest

from deploy.local.environment import SERVICES
from tests.reliability import backups
from tests.reliability.command import command
from tests.reliability.form import AT_ONCE, LONGEST, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

TOGETHER = (("routing", "notifications"), ("intake", "deadlines", "stats"))
"""Each group goes back at the same time, while the services of the other go on."""
NEWER = 500
"""At least so many facts come after the dump."""

_FACTS = "select coalesce(sum(intake_version + routing_version + deadlines_version), 0)::int as n from register"
_TOLD = "select count(*)::int as n from notices where state = 'sent'"


async def count(world: World, service: str, query: str) -> int:
    return int((await world.rows(service, query))[0]["n"])


@pytest.mark.timeout(LONGEST)
async def test_a_restored_store_is_what_it_was(faulty: World, load: Load, trial: Trial, tmp_path: Path) -> None:
    async with load.going(AT_ONCE):
        await load.reach(load.ended + AT_ONCE)
        for service in SERVICES:
            await backups.dump(faulty, service, tmp_path / service)
        target, start = load.ended + SOME, await count(faulty, "stats", _FACTS)
        while load.ended < target or await count(faulty, "stats", _FACTS) < start + NEWER + NEWER // 10:
            await load.reach(load.ended + 1)
    await faulty.steady()
    for together in TOGETHER:
        for told in await restored(faulty, together, tmp_path):
            trial.effective(told)
    await trial.must_hold(faulty, load)


async def restored(world: World, services: Sequence[str], dumps: Path) -> list[str]:
    """Puts these stores back and lets them catch up; each must then hold what it held, and nobody be told anything twice.

    Returns how it went.
    """
    before = {service: await backups.content(world, service) for service in services}
    mails = Counter(world.mails())
    await world.note_given_up()
    told = await asyncio.gather(*(_put_back(world, service, dumps / service, before[service]) for service in services))
    steady = await world.steady()
    for service in services:
        wrong = backups.differences(before[service], await backups.content(world, service))
        assert wrong == [], f"{service}: {'; '.join(wrong)}"
    assert Counter(world.mails()) == mails
    return [f"{line}, steady {steady:.1f} s after its start" for line in told]


async def _put_back(world: World, service: str, dump: Path, before: backups.Content) -> str:
    facts = await count(world, service, _FACTS)
    await asyncio.to_thread(world.platform.kill_service, service, SIGTERM)
    await backups.put_back(world, service, dump)
    newer = facts - await count(world, service, _FACTS)
    assert newer >= NEWER
    assert backups.differences(before, await backups.content(world, service))
    back = await recovered(world, service)
    await world.start(service)
    return f"{service}: {newer} facts newer than the dump, {back} taken back"


async def recovered(world: World, service: str) -> int:
    """What `recover` says that it took back, or of notices what the ledger says; stats has told nothing, so it reads others only."""
    told = await count(world, service, _TOLD) if service == "notifications" else 0
    done = await command(world, service, "recover")
    assert done.code == 0, done.said
    back = int(done.said.rpartition(" ")[2])
    if service == "notifications":
        back = await count(world, service, _TOLD) - told
    assert (back > 0) == (service != "stats")
    return back
