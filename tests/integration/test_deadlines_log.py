"""The loop itself on the real log: a breach is told once all facts are known, and not before."""

import asyncio

import pytest

from services.deadlines.loop import look
from services.deadlines.watermark import Watermarks
from shared.contracts.registry import INTAKE, ROUTING
from shared.messaging.spec import Spec
from tests.support.probe import file, fresh_store, node_on
from tests.support.timed import Deadlines, at, header

REAL_GRACE = 0.5


@pytest.fixture
async def intake(broker_and_database):
    node = node_on(broker_and_database, await fresh_store(broker_and_database, "intake"), Spec("intake", ()))
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def deadlines(open_store):
    return Deadlines(await open_store("deadlines", real_grace_seconds=REAL_GRACE, replica=None))


async def until(deadlines, condition):
    async with asyncio.timeout(60):
        while not await condition():
            assert deadlines.bench.node.failed is None, deadlines.bench.node.failed
            await asyncio.sleep(0.05)


async def test_filed_over_the_log_due_and_breached(deadlines, intake):
    filed = header()
    await deadlines.bench.node.start()
    await until(deadlines, lambda: ready(intake))
    await file(intake, filed)

    async def started():
        return "answer" in await deadlines.clocks(filed)

    async def breached():
        return (await deadlines.clocks(filed))["answer"].breached_at

    await until(deadlines, started)
    assert not await breached()
    deadlines.bench.at("2026-05-01T23:14:59Z")  # due at 23:00, and not yet out of its grace of 15 legal minutes
    await asyncio.sleep(4 * REAL_GRACE)
    assert not await breached()
    deadlines.bench.at("2026-05-01T23:15:00Z")
    await until(deadlines, breached)
    assert await breached() == at("2026-05-01T23:15:00Z")


async def test_what_the_store_has_not_read_holds_the_watermark(deadlines, intake):
    """The consumer is not running: a fact lies in the log that this store does not have."""
    node = deadlines.bench.node
    await until(deadlines, lambda: ready(intake))
    filed = header()
    await file(intake, filed)
    await node.open()
    places = await node.observer.places([INTAKE, ROUTING])

    async def arrived():
        return any((await node.observer.ends(places)).values())

    await until(deadlines, arrived)
    marks = Watermarks(grace=at("2026-05-01T00:15:00Z") - at("2026-05-01T00:00:00Z"), real_grace=0)
    ends = await node.observer.ends(places)
    await look(node, marks, places)
    unread = {partition for (_, partition), end in ends.items() if end}
    assert unread
    assert set(marks.until) == set(range(12)) - unread


async def ready(node):
    return node.recovered and node.relay is not None
