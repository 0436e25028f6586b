"""A person asks to be forgotten: gone from every store at once, from every topic once compacted, and brought back by nothing."""

import asyncio
import time
from pathlib import Path
from signal import SIGTERM

import pytest

from deploy.local.environment import SERVICES
from shared.contracts.registry import PAPERS, PRIVATE_TOPICS, TOPICS
from shared.messaging.records import Outgoing, RawRecord
from tests.reliability.dumps import dump, restore
from tests.reliability.form import SEED
from tests.reliability.life import Life
from tests.reliability.load import Load
from tests.reliability.traces import in_columns, in_files, in_topics
from tests.reliability.trial import Trial
from tests.reliability.world import World
from tests.reliability.writer import again, write
from tests.support.wire import Wire

COMPACTED_SECONDS = 60
HOLDERS = ("intake", "routing", "notifications")

COLUMNS = {
    "intake: private_document.doc",
    "routing: private_document.doc",
    "routing: dead_letters.value",
    "notifications: private_document.doc",
}
"""All places of the five stores in which words of a life that has come to its end may stand."""
WORDS = {PAPERS, "answers", "contacts"}
"""And all such topics."""


@pytest.mark.timeout(240)
async def test_an_erased_person_is_gone_everywhere_and_nothing_brings_them_back(
    faulty: World, load: Load, trial: Trial, tmp_path: Path
) -> None:
    life = await _lived(faulty, load)
    await _dumped(faulty, tmp_path)
    assert await in_columns(faulty, life.canary) == COLUMNS
    assert await in_topics(faulty, life.canary) == WORDS
    assert await in_files(tmp_path, life.canary) == {f"{service}.sql" for service in HOLDERS}
    assert faulty.mail
    assert await in_files(faulty.mail.folder, life.canary)  # in the filer's own mailbox, which is not ours to empty
    late, figures = await _records(faulty, life), await _figures(faulty)

    await life.erase()
    assert await in_columns(faulty, life.canary, ["intake"]) == set()
    await write(faulty, [*map(again, late), _bad(life)])
    print(f"steady {await faulty.steady():.1f} s after the erasure and {len(late) + 1} late records")
    assert await in_columns(faulty, life.canary) == set()

    await _restored(faulty, tmp_path, life)
    assert await in_columns(faulty, life.canary) == set()
    print(f"compacted {await _compacted(faulty, life):.1f} s after that")
    assert await in_topics(faulty, life.canary) == set()
    assert await in_files(faulty.platform.home / "logs", life.canary) == set()
    assert await _figures(faulty) == figures
    trial.effective("an erased person, brought back neither by late records nor by backups")
    await trial.must_hold(faulty, load)


async def _lived(world: World, load: Load) -> Life:
    """Filed, asked, supplied, answered, rated with a comment, told by mail; and one record of it parked."""
    life = await load.live("asked", canary=f"-canary-{SEED}-")
    await write(world, [_bad(life)])
    await world.steady()
    return life


def _bad(life: Life) -> Outgoing:
    """The papers as a writer with a fault would send them: readable, and of a wrong shape."""
    return Outgoing(PAPERS, str(life.id), 9, f'{{"narrative": "{life.canary}"}}'.encode())


async def _records(world: World, life: Life) -> list[RawRecord]:
    """Every private record of this life, oldest first: so an older version comes late, and the newest too."""
    found = [r for topic in PRIVATE_TOPICS for r in await world.records(topic, TOPICS[topic].writer) if r.key == str(life.id).encode()]
    assert len(found) > len(PRIVATE_TOPICS)
    return [record for record in found if record.value]


async def _figures(world: World) -> object:
    stats = Wire(world.platform.url("stats"))
    try:
        figures = [(await stats.request("GET", f"/v1/figures?by={by}")).json()["rows"] for by in ("body", "public_service", "month")]
    finally:
        stats.close()
    assert all(figures)
    return figures


async def _dumped(world: World, folder: Path) -> None:
    for service in SERVICES:
        await dump(world, service, folder / f"{service}.sql")


async def _compacted(world: World, life: Life) -> float:
    began = time.monotonic()
    while left := await in_topics(world, life.canary, PRIVATE_TOPICS):
        assert time.monotonic() - began < COMPACTED_SECONDS, f"still on {left} after {COMPACTED_SECONDS} s"
        await asyncio.sleep(1)
    return time.monotonic() - began


async def _restored(world: World, folder: Path, life: Life) -> None:
    """Yesterday's backups come back, with the person in them."""
    for service in HOLDERS:
        await asyncio.to_thread(world.platform.kill_service, service, SIGTERM)
        await restore(world, service, folder / f"{service}.sql")
    assert await in_columns(world, life.canary) == COLUMNS
    await asyncio.gather(*(world.start(service) for service in HOLDERS))
    await world.steady()
