"""The engine on a real store, fed by hand: positions, gaps, poison, cut sessions, erasure."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from deploy.local.platform import Platform
from shared.contracts.events import Cause, IntakeFact
from shared.contracts.private import Papers, Person
from shared.contracts.states import Filing
from shared.messaging import dead_letters, positions
from shared.messaging.engine import POISON_LIMIT
from shared.messaging.node import Node
from shared.messaging.records import RawRecord
from shared.messaging.registers import Change
from shared.messaging.spec import Spec
from shared.messaging.tx import Tx
from tests.support.probe import FACTS, fresh_store, new_header, node_on, note_effects, rows

Make = Callable[..., Coroutine[Any, Any, Node]]


@pytest.fixture
async def probe(broker_and_database: Platform) -> AsyncIterator[Make]:
    nodes: list[Node] = []

    async def make(handle: Any = note_effects, service: str = "stats") -> Node:
        node = node_on(broker_and_database, await fresh_store(broker_and_database, service), Spec(service, FACTS, handle))
        node.engine.topic_ids = dict.fromkeys((*FACTS, "papers", "answers", "contacts", "directory", "notices"), "one")
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        await node.stop()


def filed(offset: int, version: int = 1, header: Any = None, **state: Any) -> RawRecord:
    known = header or new_header()
    fact = IntakeFact(complaint=known, version=version, change=Cause(by="citizen"), filing=Filing(language="fr", **state))
    return RawRecord("complaints-intake", 0, offset, str(known.id).encode(), fact.model_dump_json().encode())


def document(offset: int, known: Any, version: int = 1) -> RawRecord:
    person = Person(language="fr")
    papers = Papers(complaint_id=known.id, reference=known.reference, version=version, person=person, subject="s", narrative="n")
    return RawRecord("papers", 0, offset, str(known.id).encode(), papers.model_dump_json().encode())


async def effects(node: Node) -> int:
    return int((await rows(node, "select count(*) from effect"))[0][0])


async def position(node: Node) -> int:
    async with node.db.begin() as conn:
        return (await positions.read(conn, node.consumer))["complaints-intake", 0]


async def test_a_batch_delivered_again_has_no_second_effect(probe: Make) -> None:
    node = await probe()
    batch = [filed(n) for n in range(50)]
    await node.engine.batch(batch[:30])
    await node.engine.batch(batch)
    await node.engine.batch(batch[10:])
    assert (await effects(node), await position(node)) == (50, 50)


async def test_an_older_version_at_a_new_offset_changes_nothing(probe: Make) -> None:
    node = await probe()
    header = new_header()
    await node.engine.batch([filed(0, 2, header), filed(1, 1, header), filed(2, 2, header)])
    await node.engine.batch([filed(3, 1, header)])
    assert await rows(node, "select versions from effect") == [([2, 0],)]
    assert await position(node) == 4


async def test_a_gap_on_a_fact_topic_is_read_again_once_and_then_ends_the_process(probe: Make) -> None:
    node = await probe()
    await node.engine.batch([filed(0)])
    await node.engine.batch([filed(5)])
    assert (node.failed, await position(node)) == (None, 1)
    await node.engine.batch([filed(5)])
    assert node.failed is not None
    assert (node.failed.code, await position(node), await effects(node)) == (6, 1, 1)


class Reading:
    """Notes from where it is to read on."""

    def __init__(self) -> None:
        self.rewound: list[tuple[positions.Place, int]] = []

    def rewind(self, place: positions.Place, offset: int) -> None:
        self.rewound.append((place, offset))

    async def commit(self, positions: Mapping[positions.Place, int]) -> None: ...
    async def stop(self) -> None: ...


async def test_what_a_crash_took_from_the_store_is_read_again_though_nothing_comes_after_it(probe: Make) -> None:
    node, reading = await probe(), Reading()
    node.engine.subscription = reading
    await node.engine.batch([filed(0)])
    await node.engine.read_lost_again()
    assert reading.rewound == []
    await node.engine.batch(lost := [filed(1), filed(2)])
    async with node.db.begin() as conn:
        await conn.execute(text("update consumer_position set next_offset = 1"))
    await node.engine.read_lost_again()
    await node.engine.read_lost_again()
    assert reading.rewound == [(("complaints-intake", 0), 1)]
    await node.engine.batch(lost)
    await node.engine.read_lost_again()
    assert (len(reading.rewound), await position(node)) == (1, 3)


async def test_a_gap_that_the_second_reading_fills_is_no_gap(probe: Make) -> None:
    node = await probe()
    later = filed(5)
    await node.engine.batch([later])
    await node.engine.batch([*(filed(n) for n in range(5)), later])
    assert (node.failed, await effects(node)) == (None, 6)


async def test_a_gap_within_a_batch_is_one_too(probe: Make) -> None:
    node = await probe()
    await node.engine.batch([filed(n) for n in range(3)])
    late = [filed(2), filed(7)]
    await node.engine.batch(late)
    assert (node.failed, await position(node), await effects(node)) == (None, 3, 3)
    await node.engine.batch([*(filed(n) for n in range(3, 7)), late[1]])
    assert (node.failed, await position(node), await effects(node)) == (None, 8, 8)


async def test_what_compaction_took_from_the_middle_is_passed_over(probe: Make) -> None:
    node = await probe()
    await node.engine.batch([document(0, new_header()), document(4, new_header()), document(9, new_header())])
    assert len(await rows(node, "select 1 from private_document")) == 3
    async with node.db.begin() as conn:
        assert (await positions.read(conn, node.consumer))["papers", 0] == 10


async def test_a_batch_from_a_known_place_and_a_new_one_is_taken_whole(probe: Make) -> None:
    node = await probe()
    await node.engine.batch([filed(0)])
    await node.engine.batch([filed(1), replace(filed(0), partition=1)])
    assert (node.failed, await effects(node)) == (None, 3)


async def test_positions_of_a_topic_created_anew_start_at_zero(probe: Make) -> None:
    node = await probe()
    await node.engine.batch([filed(n) for n in range(9)])
    node.engine.topic_ids = {**node.engine.topic_ids, "complaints-intake": "two"}
    await node.engine.assigned({("complaints-intake", 0)})
    assert await position(node) == 0
    await node.engine.batch([filed(0)])
    assert await effects(node) == 10


async def test_a_bad_record_is_parked_alone_with_its_reason(probe: Make) -> None:
    refused = new_header()

    async def handle(changes: Sequence[Change], tx: Tx) -> None:
        if any(c.complaint_id == refused.id for c in changes):
            raise LookupError("no rule for it")
        await note_effects(changes, tx)

    node = await probe(handle)
    batch = [filed(n) for n in range(50)]
    batch[10] = replace(batch[10], value=b"\x00\xff")
    batch[20] = replace(batch[20], value=b'{"complaint": {"id": 7}}')
    batch[30] = filed(30, header=refused)
    await node.engine.batch(batch)
    async with node.db.begin() as conn:
        parked = await dead_letters.listed(conn)
    assert [letter.raw.offset for letter in parked] == [10, 20, 30]
    assert parked[2].reason == "LookupError: no rule for it"
    assert (await effects(node), await position(node), node.failed) == (47, 50, None)


async def test_replay_mends_a_parked_record_once_its_cause_is_gone(probe: Make) -> None:
    broken = True

    async def handle(changes: Sequence[Change], tx: Tx) -> None:
        if broken:
            raise LookupError("not yet")
        await note_effects(changes, tx)

    node = await probe(handle)
    await node.engine.batch([filed(0)])
    async with node.db.begin() as conn:
        (letter,) = await dead_letters.listed(conn)
    with pytest.raises(LookupError):
        await node.engine.replay(letter.raw)
    broken = False
    await node.engine.replay(letter.raw)
    await node.engine.replay(letter.raw)
    assert await effects(node) == 1


async def test_twenty_bad_in_a_row_stop_the_consumer_until_it_is_resumed(probe: Make) -> None:
    node = await probe()
    bad = [replace(filed(n), value=b"no json") for n in range(25)]
    await node.engine.batch(bad)
    assert node.failed is not None
    assert (node.failed.code, await position(node)) == (3, 19)
    again = node_on_same(node)
    await again.engine.batch(bad[19:])
    assert again.failed is not None
    assert await position(node) == 19
    async with node.db.begin() as conn:
        assert await positions.resume(conn, node.consumer, POISON_LIMIT - 1) == 1
    resumed = node_on_same(node)
    await resumed.engine.batch([*bad[19:24], filed(24)])
    assert (resumed.failed, await position(node)) == (None, 25)
    for other in (again, resumed):
        await other.stop()


def node_on_same(node: Node) -> Node:
    other = Node(node.spec, node.settings)
    other.engine.topic_ids = node.engine.topic_ids
    return other


async def test_a_session_cut_in_the_middle_is_tried_again_whole(probe: Make) -> None:
    cuts = iter([True, True, False])

    async def handle(changes: Sequence[Change], tx: Tx) -> None:
        await note_effects(changes, tx)
        if next(cuts):
            await tx.conn.execute(text("select pg_terminate_backend(pg_backend_pid())"))

    node = await probe(handle)
    await node.engine.batch([filed(n) for n in range(5)])
    assert (await effects(node), await position(node), node.failed) == (5, 5, None)


async def test_bad_papers_of_an_erased_person_are_not_parked(probe: Make) -> None:
    node = await probe()
    header = new_header()
    bad = RawRecord("papers", 0, 0, str(header.id).encode(), b'{"narrative": "the person"}')
    await node.engine.batch([bad, filed(0, 1, header)])
    assert await rows(node, "select topic from dead_letters") == [("papers",)]
    await node.engine.batch([filed(1, 2, header, erased_at=header.filed_at)])
    await node.engine.batch([replace(bad, offset=1), replace(filed(2, 3, header), value=b"{}"), replace(bad, offset=2, key=b"nobody")])
    assert await rows(node, 'select topic, "offset" from dead_letters order by id') == [("complaints-intake", 2), ("papers", 2)]
    assert node.failed is None


async def test_a_parked_fact_outlives_the_erasure_of_its_person(probe: Make) -> None:
    """It may be the last of its writer, which nothing else would mend."""
    node = await probe()
    header = new_header()
    last = filed(1, 2, header, withdrawn_at=header.filed_at)
    await node.engine.batch([filed(0, 1, header), replace(last, value=b"{}"), filed(2, 3, header, erased_at=header.filed_at)])
    assert await rows(node, 'select topic, "offset" from dead_letters') == [("complaints-intake", 1)]


async def test_a_tombstone_takes_away_what_was_parked_before_it(probe: Make) -> None:
    node = await probe()
    bad = RawRecord("papers", 0, 0, str(new_header().id).encode(), b'{"narrative": "the person"}')
    await node.engine.batch([bad, replace(bad, offset=1, key=str(new_header().id).encode())])
    await node.engine.batch([replace(bad, offset=2, value=None)])
    assert await rows(node, 'select "offset" from dead_letters') == [(1,)]


async def test_papers_that_come_after_the_erasure_are_not_kept(probe: Make) -> None:
    node = await probe()
    header = new_header()
    await node.engine.batch([document(0, header), filed(0, 1, header)])
    assert len(await rows(node, "select 1 from private_document")) == 1
    await node.engine.batch([filed(1, 2, header, erased_at=header.filed_at)])
    assert await rows(node, "select 1 from private_document") == []
    await node.engine.batch([document(1, header, version=2)])
    assert await rows(node, "select 1 from private_document") == []
