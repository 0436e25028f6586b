"""A store goes back to its backup while the log and the other four stores are further: it takes back what it had told, and reads on."""

from collections import Counter
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.reliability import backups
from tests.reliability.command import command
from tests.reliability.conftest import LONGEST, SOME
from tests.reliability.load import Load
from tests.reliability.trial import Trial
from tests.reliability.world import World

pytestmark = pytest.mark.proof

AT_ONCE = 12
RESTORED = ("routing", "intake", "deadlines", "stats", "notifications")
NEWER = 500
"""At least so many facts come after the dump."""

_FACTS = "select coalesce(sum(intake_version + routing_version + deadlines_version), 0)::int as n from register"
_TOLD = "select count(*)::int as n from notices where state = 'sent'"


async def count(world: World, service: str, query: str) -> int:
    return int((await world.rows(service, query))[0]["n"])


@pytest.mark.timeout(LONGEST)
async def test_a_restored_store_is_what_it_was(faulty: World, load: Load, trial: Trial, tmp_path: Path) -> None:
    dumps = {service: tmp_path / service for service in RESTORED}
    async with load.going(AT_ONCE):
        await load.reach(load.ended + AT_ONCE)
        for service, file in dumps.items():
            await backups.dump(faulty, service, file)
        target, start = load.ended + SOME, await count(faulty, "stats", _FACTS)
        while load.ended < target or await count(faulty, "stats", _FACTS) < start + NEWER + NEWER // 10:
            await load.reach(load.ended + 1)
    await faulty.steady()
    for service, file in dumps.items():
        trial.effective(await restored(faulty, service, file))
    await trial.must_hold(faulty, load)


async def restored(world: World, service: str, file: Path) -> str:
    """Puts one store back and lets it catch up; it must then hold what it held, and nobody be told anything twice. Returns how it went."""
    before, facts, mails = await backups.content(world, service), await count(world, service, _FACTS), Counter(world.mails())
    await world.note_given_up()
    world.platform.kill_service(service, SIGTERM)
    await backups.put_back(world, service, file)
    newer = facts - await count(world, service, _FACTS)
    assert newer >= NEWER
    assert backups.differences(before, await backups.content(world, service))
    back = await recovered(world, service)
    await world.start(service)
    steady = await world.steady()
    assert backups.differences(before, await backups.content(world, service)) == []
    assert Counter(world.mails()) == mails
    return f"{service}: {newer} facts newer than the dump, {back} taken back, steady {steady:.1f} s after its start"


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
