"""Nodes on the real broker: what is committed arrives once, in order, whatever is started, stopped, or late."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest

from deploy.local.platform import Platform
from shared.contracts.events import IntakeFact
from shared.contracts.states import Filing
from shared.messaging.codec import decode
from shared.messaging.engine import Engine
from shared.messaging.murmur import partition_of
from shared.messaging.node import Node
from shared.messaging.positions import Place
from shared.messaging.registers import Change, Registers
from shared.messaging.republish import NotEmpty, republish
from shared.messaging.spec import Spec
from shared.messaging.tasks import caught_up
from shared.messaging.transport import observing
from shared.messaging.tx import Tx
from tests.support.probe import FACTS, again, file, fresh_store, new_header, node_on, note_effects, rows

Start = Callable[..., object]


class World:
    """Nodes of one test on the shared broker; each consumer has a group of its own."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.nodes: list[Node] = []

    async def intake(self, store: str | None = None) -> Node:
        return await self.start(store or await fresh_store(self.platform, "intake"), Spec("intake", ()))

    async def start(self, store: str, spec: Spec, purpose: str = "main", *, wait: bool = True, **settings: object) -> Node:
        node = node_on(self.platform, store, spec, purpose, **settings)
        self.nodes.append(node)
        await node.start()
        while wait and not (node.recovered and (node.engine.ready.is_set() or not spec.topics)):
            assert node.failed is None, node.failed
            await asyncio.sleep(0.02)
        return node

    async def stop(self, node: Node) -> None:
        self.nodes.remove(node)
        await node.stop()


@pytest.fixture
async def world(broker_and_database: Platform) -> AsyncIterator[World]:
    made = World(broker_and_database)
    yield made
    for node in made.nodes:
        await node.stop()


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Waits for an awaitable condition to be true; fails after the bound."""
    async with asyncio.timeout(seconds):
        while not await condition():  # type: ignore[misc]
            await asyncio.sleep(0.05)


async def seen(node: Node, ids: set[UUID]) -> int:
    found = await rows(node, "select count(*) from effect where complaint_id = any(cast(:ids as uuid[]))", ids=list(ids))
    return int(found[0][0])


async def told(node: Node, ids: set[UUID]) -> dict[UUID, list[int]]:
    """The versions of these complaints as they stand on the topic, in its order."""
    found: dict[UUID, list[int]] = {}
    async with observing(node.login) as observer:
        async for batch in observer.stretch(dict.fromkeys(await observer.places(["complaints-intake"]), 0)):
            for raw in batch:
                body = decode(raw).body
                if isinstance(body, IntakeFact) and body.complaint.id in ids:
                    found.setdefault(body.complaint.id, []).append(body.version)
    return found


async def test_what_is_committed_arrives_once_and_in_order(world: World) -> None:
    intake = await world.intake()
    stats = await world.start(await fresh_store(world.platform, "stats"), Spec("stats", FACTS, note_effects), "once")
    ids = {await file(intake) for _ in range(20)}
    for id in ids:
        for _ in range(3):
            await again(intake, id)

    async def arrived() -> bool:
        moved = await rows(stats, "select complaint_id from register where intake_version = 4")
        return ids <= {row[0] for row in moved}

    await until(arrived)
    assert await told(intake, ids) == {id: [1, 2, 3, 4] for id in ids}


async def test_an_observer_can_be_stopped_right_after_a_stretch(world: World) -> None:
    """The client loses a cancellation that meets it while it puts a fetch down: one stop in a few then waited without end."""
    intake = await world.intake()
    await file(intake)
    async with asyncio.timeout(60):
        for _ in range(20):
            async with observing(intake.login) as observer:
                async for _ in observer.stretch(dict.fromkeys(await observer.places(["complaints-intake"]), 0)):
                    await asyncio.sleep(0.02)  # by then the client asks again for what is read to its end


async def test_records_delivered_before_the_assignment_is_settled_have_one_effect(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    intake = await world.intake()
    ids = {await file(intake) for _ in range(200)}

    async def emptied() -> bool:
        return await rows(intake, "select 1 from outbox limit 1") == []

    await until(emptied)
    settled = Engine.assigned

    async def late(engine: Engine, places: set[Place]) -> None:
        await asyncio.sleep(1)
        await settled(engine, places)

    monkeypatch.setattr(Engine, "assigned", late)
    store = await fresh_store(world.platform, "stats")
    first, _ = [await world.start(store, Spec("stats", FACTS, note_effects), "hole", replica=str(n), wait=False) for n in range(2)]

    async def arrived() -> bool:
        return await seen(first, ids) >= len(ids)

    await until(arrived)
    await asyncio.sleep(2)
    assert await seen(first, ids) == len(ids)


async def test_more_than_a_batch_holds_leaves_whole_and_in_order(world: World) -> None:
    intake = await world.intake()
    filed = new_header()
    long = Filing(language="fr", coded={"text": "x" * 100_000})

    async def work(tx: Tx) -> None:
        known = Registers.new(filed, partition_of(str(filed.id)))
        for _ in range(6):
            known = tx.publish(known, "complaint-filed", long, by="citizen")

    await intake.run(work)

    async def emptied() -> bool:
        return await rows(intake, "select 1 from outbox limit 1") == []

    await until(emptied)
    assert await told(intake, {filed.id}) == {filed.id: [1, 2, 3, 4, 5, 6]}
    kept = """select intake_version, version, intake->>'language', header->>'reference' from register join published p using (complaint_id)
              where complaint_id = :id"""
    assert await rows(intake, kept, id=filed.id) == [(6, 6, "fr", filed.reference)]


async def test_two_relays_of_one_service_send_each_record_once_in_order(world: World) -> None:
    store = await fresh_store(world.platform, "intake")
    one, two = await world.intake(store), await world.intake(store)
    ids = {await file(node) for node in (one, two) for _ in range(20)}
    for id in ids:
        await asyncio.gather(again(one, id), again(two, id))

    async def emptied() -> bool:
        return await rows(one, "select 1 from outbox limit 1") == []

    await until(emptied)
    assert await told(one, ids) == {id: [1, 2, 3] for id in ids}


async def test_a_restored_store_takes_its_own_facts_back_before_it_is_ready(world: World) -> None:
    store = await fresh_store(world.platform, "intake")
    intake = await world.intake(store)
    ids = {await file(intake) for _ in range(30)}

    async def emptied() -> bool:
        return await rows(intake, "select 1 from outbox limit 1") == []

    await until(emptied)
    registers = "select complaint_id, header, intake, intake_version from register"
    published = "select complaint_id, topic, version, headers, value from published"
    among, own = "where complaint_id = any(cast(:ids as uuid[])) order by 1", {"ids": list(ids)}
    before = [await rows(intake, f"{table} {among}", **own) for table in (registers, published)]
    await world.stop(intake)
    forgetful = node_on(world.platform, store, Spec("intake", ()))
    for table in ("register", "published", "own_position", "store_stamp"):
        async with forgetful.db.begin() as conn:
            await conn.exec_driver_sql(f"delete from {table}")
    await forgetful.stop()
    restored = await world.intake(store)
    assert [len(found) for found in before] == [30, 30]
    assert [await rows(restored, f"{table} {among}", **own) for table in (registers, published)] == before


async def test_republish_refuses_a_topic_that_holds_records(world: World) -> None:
    intake = await world.intake()
    id = await file(intake)

    async def emptied() -> bool:
        return await rows(intake, "select 1 from outbox limit 1") == []

    await until(emptied)
    with pytest.raises(NotEmpty, match="ends at"):
        await republish("intake", intake.db, intake.clock, intake.observer, intake.producer)
    assert await told(intake, {id}) == {id: [1]}


async def test_a_loop_that_waits_for_it_begins_with_all_that_the_log_held(world: World) -> None:
    intake = await world.intake()
    ids = {await file(intake) for _ in range(40)}

    async def emptied() -> bool:
        return await rows(intake, "select 1 from outbox limit 1") == []

    await until(emptied)
    found: list[int] = []

    async def slow(changes: Sequence[Change], tx: Tx) -> None:
        await asyncio.sleep(0.5)
        await note_effects(changes, tx)

    async def loop(node: Node) -> None:
        before = await seen(node, ids)
        await caught_up(node)
        found.extend([before, await seen(node, ids)])
        await asyncio.Event().wait()

    async def begun() -> bool:
        return bool(found)

    await world.start(await fresh_store(world.platform, "stats"), Spec("stats", FACTS, slow, tasks=(loop,)), "late")
    await until(begun)
    assert found[0] < found[1] == len(ids)
