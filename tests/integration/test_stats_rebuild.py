"""Stats derived anew beside the live one, on the real log: equal to it, never seen half-built, harmless to end at any moment."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import psutil
import pytest

from deploy.local.home import REPO
from deploy.local.platform import Platform
from deploy.local.processes import clean_environment
from services.stats import batches, derive, handlers, worker
from services.stats.domain import FactRow, fact_row
from services.stats.models import COLUMNS, FACTS
from services.stats.rebuild import rebuild
from shared.messaging import positions, slots
from shared.messaging.node import Node
from shared.messaging.positions import Place
from tests.messaging.histories import ACTS, history
from tests.support.lives import facts, life, noria
from tests.support.log import Teller, folded, teller, whole
from tests.support.stores import Bench, Opener

ERASED = ["move to water-office", "answer", "erase"]
_OFFSETS = dict[Place, int]


@dataclass
class Live:
    """Stats at work on the real log, and random lives told to it."""

    bench: Bench
    teller: Teller
    rng: random.Random
    numbers: list[int] = field(default_factory=list)

    async def lives(self, many: int) -> None:
        for _ in range(many):
            await self.life([self.rng.choice(list(ACTS)) for _ in range(self.rng.randrange(12))])

    async def life(self, acts: list[str]) -> UUID:
        self.numbers.append(self.rng.randrange(10**6, 10**12))
        told = history(self.numbers[-1], acts)
        await self.teller.tell(told)
        return told[0].complaint.id

    async def caught_up(self) -> None:
        node = self.bench.node
        places = await node.observer.places(node.spec.topics)
        ends = await node.observer.ends(places)
        async with asyncio.timeout(60):
            while await self.reached() != ends:
                assert node.failed is None, node.failed
                await asyncio.sleep(0.05)

    async def reached(self) -> _OFFSETS:
        async with self.bench.node.read() as conn:
            return await positions.read(conn, self.bench.node.consumer)

    async def ask(self) -> tuple[int, _OFFSETS]:
        """How many complaints the public figures have, and of which prefix of the log."""
        async with self.bench.client() as client:
            answer = await client.get("/v1/figures", params={"by": "month"})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        offsets = {(topic, int(p)): at for topic, by in told["as_of"]["offsets"].items() for p, at in by.items()}
        return sum(row["n"] for row in told["rows"]), offsets

    async def slot(self) -> str:
        return str((await self.bench.execute("select slot from live"))[0][0])

    async def rows(self, slot: str) -> list[tuple[Any, ...]]:
        found = await self.bench.execute(f"select {', '.join(COLUMNS)} from {slot}.{FACTS} order by complaint_id")
        return [tuple(row) for row in found]

    async def again(self) -> int:
        """A rebuild in this process."""
        node = self.bench.service.node(self.bench.node.settings)
        try:
            return await rebuild(node, "")
        finally:
            await node.stop()

    async def process(self) -> asyncio.subprocess.Process:
        """A rebuild as an operator starts it."""
        settings = self.bench.node.settings
        own = {"WASL_DATABASE_URL": settings.database_url, "WASL_CLOCK": settings.clock}
        command = [sys.executable, "-m", "services.stats", "rebuild"]
        pipe = asyncio.subprocess.PIPE
        env = clean_environment() | self.bench.platform.env("stats") | own
        return await asyncio.create_subprocess_exec(*command, cwd=REPO, env=env, stdout=pipe, stderr=asyncio.subprocess.STDOUT)


@pytest.fixture
async def live(open_store: Opener, broker_and_database: Platform) -> AsyncIterator[Live]:
    seed = os.environ.get("WASL_SEED") or str(random.randrange(10**6))
    print(f"WASL_SEED={seed}")
    async with teller(broker_and_database) as told:
        await told.tell_directory(list(noria().records.values()))
        made = Live(await open_store("stats", clock_at="2026-04-01T10:00:00Z", replica=None), told, random.Random(seed))
        await made.lives(60)
        await made.bench.node.start()
        async with asyncio.timeout(60):
            await made.bench.node.engine.ready.wait()
        await made.caught_up()
        yield made


async def expected(platform: Platform) -> list[tuple[Any, ...]]:
    """The fact rows of the whole log, folded one by one without any store."""
    known = folded(await whole(platform))
    made: list[FactRow] = [fact_row(known[id], noria()) for id in sorted(known)]
    return [astuple(row) for row in made]


@pytest.mark.timeout(400)
async def test_rebuilt_beside_the_live_one_it_is_equal_and_never_seen_half_built(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches so small that the facts of most complaints come in several."""
    for module in (batches, worker):
        monkeypatch.setattr(module, "BATCH", 10)
    stop, answers = asyncio.Event(), [await live.ask()]

    async def load() -> None:
        while not stop.is_set():
            await live.lives(2)

    async def read() -> None:
        while not stop.is_set():
            answers.append(await live.ask())

    going = [asyncio.create_task(load()), asyncio.create_task(read())]
    before, told = len(answers), len(live.numbers)
    assert await live.again() == 0
    assert (len(answers) > before, len(live.numbers) > told) == (True, True)
    after = len(answers)
    while len(answers) < after + 3:
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*going)
    await live.caught_up()
    answers.append(await live.ask())
    assert await live.slot() == "twin"
    assert await live.rows("public") == []
    assert await live.rows("twin") == await expected(live.bench.platform)
    await _whole_and_never_less(live, answers)


async def _whole_and_never_less(live: Live, answers: list[tuple[int, _OFFSETS]]) -> None:
    log = await whole(live.bench.platform)
    for (n, offsets), (_, earlier) in zip(answers[1:], answers, strict=False):
        assert all(offsets[place] >= offset for place, offset in earlier.items())
        assert n == len({raw.key for raw in log if raw.offset < offsets.get(raw.place, 0)})
    assert [n for n, _ in answers] == sorted(n for n, _ in answers)
    assert answers[0][0] < answers[-1][0]


@pytest.mark.timeout(400)
async def test_killed_in_the_middle_it_changes_nothing_and_the_next_one_ends(live: Live) -> None:
    """An erasure that another transaction holds back stops one of its workers, while the others go on; its helpers end with it."""
    id = await live.life(ERASED)
    await live.caught_up()
    figures, rows = await live.ask(), await live.rows("public")
    async with held_back(live, id), killed_after(await live.process()) as first:
        while not (await live.rows("twin") and await live.bench.waits_for_a_lock()):
            assert first.returncode is None, await first.communicate()
            await asyncio.sleep(0.05)
        second = await live.process()
        said, _ = await second.communicate()
        assert second.returncode == 1, said.decode()
        assert b"another rebuild is at work" in said
        assert len(await live.rows("twin")) < len(rows)
        helpers = psutil.Process(first.pid).children()
        assert helpers
        await killed(first)
        while any(map(_alive, helpers)):
            await asyncio.sleep(0.02)
        assert (await live.ask(), await live.slot()) == (figures, "public")
    third = await live.process()
    said, _ = await third.communicate()
    assert (third.returncode, await live.slot()) == (0, "twin"), said.decode()
    assert (await live.ask(), await live.rows("twin"), await live.rows("public")) == (figures, rows, [])


@asynccontextmanager
async def held_back(live: Live, id: UUID) -> AsyncIterator[None]:
    """Until the block's end, whoever would note this erasure waits."""
    blocker = await asyncpg.connect(live.bench.platform.pg_url(_database(live.bench.node), "postgres", "postgresql"))
    transaction = blocker.transaction()
    await transaction.start()
    try:
        await blocker.execute("delete from erased where complaint_id = $1", id)
        yield
    finally:
        await transaction.rollback()
        await blocker.close()


@asynccontextmanager
async def killed_after(process: asyncio.subprocess.Process) -> AsyncIterator[asyncio.subprocess.Process]:
    """It outlives no failure of the block: it would go on in the database of the next test."""
    try:
        yield process
    finally:
        await killed(process)


async def killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.communicate()


@pytest.mark.timeout(400)
async def test_what_the_live_one_took_and_the_rebuild_cannot_keeps_the_live_one(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    id = await live.life(["answer"])
    await live.caught_up()
    figures = await live.ask()

    def broken(known: Any, directory: Any) -> FactRow:
        if known.header.id == id:
            raise ValueError("a bug of the newest release")
        return fact_row(known, directory)

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "fact_row", broken)
        patched.setattr(derive, "fact_row", broken)
        assert await live.again() == 1
    assert (await live.ask(), await live.slot()) == (figures, "public")
    assert await live.again() == 0
    assert (await live.ask(), await live.slot()) == (figures, "twin")
    assert await live.again() == 0
    assert (await live.ask(), await live.slot()) == (figures, "public")


async def test_a_batch_that_meets_the_switch_is_written_to_the_new_slot(open_store: Opener) -> None:
    bench: Bench = await open_store("stats")
    known = life()
    async with bench.node.db.begin() as conn:
        assert await slots.hold(conn) == "public"
        batch = asyncio.create_task(bench.deliver(*facts(known)))
        while not await bench.waits_for_a_lock():
            await asyncio.sleep(0.02)
        await slots.switch(conn, "twin")
    await batch
    counted = [(await bench.execute(f"select count(*) from {slot}.{table}"))[0][0] for slot in slots.SLOTS for table in ("register", FACTS)]
    assert counted == [0, 0, 1, 1]


async def test_a_slot_is_emptied_only_when_nobody_can_still_be_reading_it(open_store: Opener) -> None:
    bench: Bench = await open_store("stats")
    await bench.deliver(*facts(life()))
    async with bench.node.read(snapshot=True) as reader:
        before = await positions.read(reader, bench.node.consumer)
        async with bench.node.db.begin() as conn:
            await slots.hold(conn)
            await slots.switch(conn, "twin")
        assert not await slots.empty(bench.node.db, "public", [FACTS], seconds=0.3)
        assert await positions.read(reader, bench.node.consumer) == before != {}
    assert await slots.empty(bench.node.db, "public", [FACTS])
    assert (await bench.execute("select count(*) from public.register"))[0][0] == 0


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _database(node: Node) -> str:
    return str(node.db.engine.url.database)
