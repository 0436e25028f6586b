"""Records that cannot be taken: one among many is put aside and mended later, many in a row stop the consumer and nobody else."""

import asyncio
import http.client
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from signal import SIGTERM
from uuid import UUID

import pytest

from deploy.local.environment import SERVICES
from deploy.local.home import Refusal, tail
from shared.contracts.registry import INTAKE
from shared.messaging.engine import POISON_LIMIT
from shared.messaging.records import Outgoing
from tests.reliability.command import command
from tests.reliability.life import Life
from tests.reliability.load import Load
from tests.reliability.topics import PLANTED
from tests.reliability.trial import Trial
from tests.reliability.world import World
from tests.reliability.writer import write

GOOD = 49
"""To each bad one."""
READERS = ("routing", "deadlines", "notifications", "stats")
"""Of complaints-intake."""
GARBAGE, SHAPE, FLAW = (
    "value: json_invalid",
    "complaint: missing; version: missing; change: missing; filing: missing",
    "CheckViolationError",
)
DISCARD = "update dead_letters set replayed_at = clock_timestamp(), reason = 'discarded' where replayed_at is null"
LETTERS = "select id, reason from dead_letters where replayed_at is null order by id"


@pytest.mark.timeout(300)
async def test_one_bad_record_in_fifty_is_parked_and_the_others_are_taken(faulty: World, load: Load, trial: Trial) -> None:
    before = len(load.lives)
    rated = await load.live("answered")
    await faulty.steady()
    await asyncio.to_thread(faulty.platform.kill_service, "stats", SIGTERM)
    async with flawed(faulty, rated.id):
        await _filed(load, GOOD // 2)
        await write(faulty, [_bad(load.lives[-1], b"\xff\xfe no text at all")])
        await _filed(load, GOOD)
        await write(faulty, [_bad(load.lives[-1], b'{"complaint_id": 7}')])
        await _filed(load, GOOD)
        await rated.rate(not rated.satisfied)
        await _filed(load, GOOD - GOOD // 2)
        await faulty.start("stats")
        await _caught_up(faulty)
        letters = {service: [row["reason"] for row in await faulty.rows(service, LETTERS)] for service in SERVICES}
        assert sorted(letters["stats"]) == sorted([GARBAGE, SHAPE, *(r for r in letters["stats"] if FLAW in r)])
        assert len(letters.pop("stats")) == 3
        assert {service: sorted(reasons) for service, reasons in letters.items()} == {"intake": []} | {
            service: sorted([GARBAGE, SHAPE]) for service in READERS if service != "stats"
        }
        ids = [life.id for life in load.lives[before:]]
        taken = await faulty.rows("stats", "select 1 from complaint_fact where complaint_id = any($1)", ids)
        assert len(taken) == len(ids) == 3 * GOOD + 1
        assert all(_ready(faulty, service) for service in SERVICES)
        await _looked_at(faulty)
    await _mended(faulty)
    trial.effective("three bad records of three kinds, each among 49 good ones", 3)
    await trial.must_hold(faulty, load)


@pytest.mark.timeout(300)
async def test_twenty_in_a_row_stop_the_consumer_loudly_and_nobody_else(faulty: World, load: Load, trial: Trial) -> None:
    rated = await load.live("answered")
    await faulty.steady()
    async with flawed(faulty, rated.id):
        for _ in range(POISON_LIMIT + 5):
            await rated.rate(not rated.satisfied)
        await _stopped(faulty)
        assert len(await faulty.rows("stats", LETTERS)) == POISON_LIMIT - 1
        await load.live("asked")
        assert all(_ready(faulty, service) for service in SERVICES if service != "stats")
        faulty.platform.start_service("stats", wait=False)
        await _stopped(faulty)
        assert len(await faulty.rows("stats", LETTERS)) == POISON_LIMIT - 1
        resumed = await command(faulty, "stats", "dead-letters", "resume")
        assert (resumed.code, resumed.said) == (0, "resumed 1 partitions; start the service again")
        await faulty.start("stats")
        await faulty.steady()
        assert len(await faulty.rows("stats", LETTERS)) == POISON_LIMIT + 5
    replayed = await command(faulty, "stats", "dead-letters", "replay")
    assert (replayed.code, replayed.said.count(": taken")) == (0, POISON_LIMIT + 5)
    trial.effective(f"{POISON_LIMIT} bad records in a row")
    await trial.must_hold(faulty, load)


@asynccontextmanager
async def flawed(world: World, id: UUID | None) -> AsyncIterator[None]:
    """Stats with a fault of its own: it cannot count the changes of one complaint. Everybody else can take them."""
    store = await world.store("stats")
    await store.execute(f"alter table complaint_fact add constraint flaw check (complaint_id <> '{id}') not valid")
    try:
        yield
    finally:
        await store.execute("alter table complaint_fact drop constraint flaw")


async def _filed(load: Load, count: int) -> None:
    for start in range(0, count, 7):
        await asyncio.gather(*(load.live("open") for _ in range(min(7, count - start))))


def _bad(life: Life, value: bytes) -> Outgoing:
    return Outgoing(INTAKE, str(life.id), 0, value, {PLANTED: "bad"})


async def _caught_up(world: World) -> None:
    async with asyncio.timeout(90):
        for service in READERS:
            ends = await world.ends(service)
            while await world.behind(service, ends):
                await asyncio.sleep(0.05)


async def _looked_at(world: World) -> None:
    listed = await command(world, "stats", "dead-letters", "list")
    assert listed.code == 0
    assert all(reason in listed.said for reason in (GARBAGE, SHAPE, FLAW))
    shown = await command(world, "stats", "dead-letters", "show", re.findall(rf"^(\d+)\t.*{SHAPE}", listed.said, re.MULTILINE)[0])
    assert '{"complaint_id": 7}' in shown.said


async def _mended(world: World) -> None:
    """The fix lets the handler's one pass; what nobody can ever read is refused again, and thrown away by name."""
    again = await command(world, "stats", "dead-letters", "replay")
    assert (again.code, again.said.count(": taken"), again.said.count(": still refused: ")) == (1, 1, 2)
    garbage, shape = [row["id"] for row in await world.rows("stats", LETTERS)]
    assert (await command(world, "stats", "dead-letters", "discard", str(garbage))).code == 0
    assert [row["id"] for row in await world.rows("stats", LETTERS)] == [shape]
    # Known as discarded, they stand in the way of no later rebuild, though they are in the log for ever.
    for service in READERS:
        await world.stores[service].execute(DISCARD)


async def _stopped(world: World) -> None:
    """Exit code 3, and the last lines of its log say what to do."""
    async with asyncio.timeout(60):
        while world.platform.supervisor.running("stats"):
            await asyncio.sleep(0.05)
    with pytest.raises(Refusal, match=r"exit code 3"):
        world.platform.supervisor.check(print)
    said = tail(world.platform.home / "logs" / "stats.log")
    assert f"{POISON_LIMIT} records in a row cannot be taken" in said
    assert "dead-letters resume" in said


def _ready(world: World, service: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", world.platform.ports[service], timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()
