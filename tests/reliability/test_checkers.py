"""The checkers see what they are for: each kind of damage, done to a world at rest, is found and named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from shared.contracts.registry import INTAKE
from tests.reliability.checkers import nothing_lost_in_log, nothing_lost_in_stores
from tests.reliability.life import Life
from tests.reliability.load import Load
from tests.reliability.topics import Log, read
from tests.reliability.verdict import check, logs_of
from tests.reliability.world import World

DAMAGES = {
    "stats has the rows": ("stats", "delete from complaint_fact where complaint_id = $1"),
    "intake does not know what was filed": ("intake", "delete from register where complaint_id = $1"),
    "routing has routing": ("routing", "update register set routing_version = routing_version - 1 where complaint_id = $1"),
    "routing went from versions": ("routing", "update register set routing_version = routing_version - 1 where complaint_id = $1"),
    "deadlines went from versions": ("deadlines", "update register set reference = reference where complaint_id = $1"),
    "deadlines' versions differ": ("notifications", "update register set deadlines_version = 9 where complaint_id = $1"),
    "notifications counts": ("notifications", "update register set routing = null where complaint_id = $1"),
}


@pytest.fixture(scope="module")
async def at_rest(faulty: World, load: Load) -> tuple[World, list[Life]]:
    async with load.going(at_once=6):
        await load.reach(12)
    await faulty.steady()
    result = await check(faulty, load.lives)
    assert result.findings == []
    assert result.facts > 24
    return faulty, [life for life in load.lives if life.plan == "answered"]


@pytest.fixture(scope="module")
async def logs(at_rest: tuple[World, list[Life]]) -> dict[str, Log]:
    return await logs_of(at_rest[0])


@asynccontextmanager
async def damaged(world: World, service: str, statement: str, life: Life) -> AsyncIterator[None]:
    """Until the block's end, and only for the eyes of this world's own connection."""
    transaction = world.stores[service].transaction()
    await transaction.start()
    try:
        await world.stores[service].execute(statement, life.id)
        yield
    finally:
        await transaction.rollback()


@pytest.mark.parametrize("finding", DAMAGES)
async def test_damage_in_a_store_is_found(at_rest: tuple[World, list[Life]], load: Load, logs: dict[str, Log], finding: str) -> None:
    world, (life, *_) = at_rest
    async with damaged(world, *DAMAGES[finding], life):
        found = (await check(world, load.lives, logs)).findings
    assert [f for f in found if f.what.startswith(finding)], found


async def test_an_act_that_was_accepted_and_left_no_trace_is_found(at_rest: tuple[World, list[Life]], load: Load) -> None:
    world, (life, *_) = at_rest
    lives = [replace(each, done=[*each.done, "rating"]) if each is life else each for each in load.lives]
    assert [f.complaint for f in await nothing_lost_in_stores(world, lives)] == [life.id] * 5


async def test_a_complaint_that_nobody_filed_is_found(at_rest: tuple[World, list[Life]], load: Load, logs: dict[str, Log]) -> None:
    world, (life, *_) = at_rest
    found = (await check(world, [each for each in load.lives if each is not life], logs)).findings
    assert {f.what for f in found} >= {"stats knows a complaint that nobody filed", f"{INTAKE} has a complaint that nobody filed"}


async def test_a_mail_that_nobody_decided_is_found(at_rest: tuple[World, list[Life]], load: Load, logs: dict[str, Log]) -> None:
    world, (life, *_) = at_rest
    assert world.mail
    extra = world.mail.folder / "extra.eml"
    extra.write_text(f"Message-ID: <another@wasl.example>\r\nTo: {life.email}\r\n\r\n", encoding="utf-8")
    found = (await check(world, load.lives, logs)).findings
    extra.unlink()
    assert [f.what.partition(" got ")[0] for f in found] == [f"mail another to {life.email} was taken and never told", life.email]


async def test_records_sent_again_are_counted_and_changed_ones_are_found(at_rest: tuple[World, list[Life]]) -> None:
    world, _ = at_rest
    records = await world.records(INTAKE)
    last = records[-1]
    assert (read([*records, last]).again, read([*records, last]).broken) == (read(records).again + 1, [])
    (broken,) = read([*records, replace(last, value=(last.value or b"") + b" ")]).broken
    assert "two different records" in broken[0]


async def test_a_fact_that_is_missing_or_out_of_order_is_found(at_rest: tuple[World, list[Life]], load: Load, logs: dict[str, Log]) -> None:
    world, (life, *_) = at_rest
    records = await world.records(INTAKE)
    mine = [record for record in records if record.key == str(life.id).encode()]
    rest = [record for record in records if record not in mine]
    for wrong in (mine[1:], mine[:-1], mine[::-1]):
        (found,) = nothing_lost_in_log(load.lives, {**logs, INTAKE: read([*rest, *wrong])})
        assert found.complaint == life.id
