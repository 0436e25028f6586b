"""Keys of requests do not outlive their time, nor the person whose words they were made from."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from services.intake import store
from services.intake.handlers import forget_expired_keys, project
from shared.messaging import registers
from tests.support.citizen import Citizen
from tests.support.lives import at


@pytest.fixture
async def bench(open_store):
    return await open_store("intake")


@pytest.fixture
async def citizen(bench):
    async with bench.client() as client:
        yield Citizen(bench, client)


async def keys(bench):
    return (await bench.execute("select count(*) from idempotency"))[0][0]


async def test_expired_keys_are_deleted_a_bounded_number_at_a_time(bench, citizen):
    for _ in range(5):
        await citizen.file()
    await bench.execute("update idempotency set expires_at = now() where key in (select key from idempotency limit 3)")
    async with bench.node.db.begin() as conn:
        assert [await store.forget_expired(conn, 2) for _ in range(3)] == [2, 1, 0]
    assert await keys(bench) == 2


async def test_the_loop_deletes_them_all(bench, citizen, monkeypatch):
    monkeypatch.setattr("shared.messaging.tasks.EXPIRED_AT_ONCE", 1)
    for _ in range(3):
        await citizen.file()
    await bench.execute("update idempotency set expires_at = now()")
    loop = asyncio.create_task(forget_expired_keys(bench.node))
    while await keys(bench):
        assert not loop.done()
        await asyncio.sleep(0.01)
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop


async def test_a_restored_store_forgets_the_keys_of_those_erased_since(bench, citizen):
    await citizen.file()
    await citizen.file()
    reference = citizen.receipt["reference"]
    async with bench.node.read() as conn:
        known = await registers.find(conn, reference, lock=False)
    assert known is not None
    assert known.intake is not None
    erased = replace(known, intake=known.intake.model_copy(update={"erased_at": at("2026-03-09")}))
    await bench.node.run(lambda tx: project([erased], tx))
    assert await keys(bench) == 1
    assert await bench.execute("select count(*) from idempotency where complaint_id = :id", id=known.complaint_id) == [(0,)]
