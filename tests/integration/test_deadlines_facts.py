"""Facts become clocks: what is told, when, and what the store keeps."""

import pytest
from sqlalchemy import text

from services.deadlines.loop import count_restored, sweep
from shared.messaging import recover
from tests.support.stores import fact
from tests.support.timed import Deadlines, answered, at, case, filing, header


@pytest.fixture
async def deadlines(open_store):
    return Deadlines(await open_store("deadlines"))


async def test_a_filing_alone_starts_the_clocks_that_need_no_routing(deadlines):
    filed = await deadlines.file()
    clocks = await deadlines.clocks(filed)
    assert await deadlines.told() == [("deadline-set", 1, None)]
    assert {code: (c.holder, c.body, c.due_at, str(c.last_day)) for code, c in clocks.items()} == {
        "qualify": ("platform", None, at("2026-03-17T23:00:00Z"), "2026-03-17"),
        "answer": ("platform", None, at("2026-05-01T23:00:00Z"), "2026-05-01"),
    }
    assert await deadlines.rows() == [
        ("answer", at("2026-05-01T23:00:00Z"), at("2026-04-15T23:00:00Z"), "noria", 1),
        ("qualify", at("2026-03-17T23:00:00Z"), None, "noria", 1),
    ]


async def test_routing_heard_before_intake_waits_for_it(deadlines):
    early = header()
    await deadlines.routed(early, 1, case())
    assert await deadlines.told() == []
    await deadlines.file(early)
    assert (await deadlines.clocks(early))["answer"].body == "water-office"


async def test_only_what_differs_is_told(deadlines):
    filed = await deadlines.file()
    await deadlines.routed(filed, 1, case())
    assert await deadlines.told() == [("deadline-set", 1, None), ("deadline-set", 2, None)]
    await deadlines.routed(filed, 2, case(taken_up_at="2026-03-03T10:00:00Z"))
    await deadlines.routed(filed, 3, case(taken_up_at="2026-03-03T10:00:00Z", qualified_at="2026-03-03T10:00:00Z"))
    assert await deadlines.told() == []
    assert [row[0] for row in await deadlines.rows()] == ["answer"]


async def test_a_request_pauses_and_its_end_resumes(deadlines):
    filed = await deadlines.file()
    ask = {"id": filed.id, "asked_at": "2026-03-10T09:00:00Z", "lapses_at": "2026-03-25T23:00:00Z"}
    await deadlines.routed(filed, 1, case(status="waiting_for_citizen", requests=[ask]))
    paused = await deadlines.clocks(filed)
    await deadlines.routed(filed, 2, case(requests=[{**ask, "supplied_at": "2026-03-20T09:00:00Z"}]))
    resumed = await deadlines.clocks(filed)
    assert (paused["answer"].state, paused["answer"].due_at) == ("paused", at("2026-05-17T23:00:00Z"))
    assert (resumed["answer"].state, resumed["answer"].due_at) == ("running", at("2026-05-11T23:00:00Z"))
    assert paused["supply"].due_at == at("2026-03-25T23:00:00Z")
    assert [name for name, *_ in await deadlines.told()] == ["deadline-set"] * 3


async def test_a_closed_complaint_leaves_no_row(deadlines):
    filed = await deadlines.file()
    await deadlines.routed(filed, 1, answered("2026-04-01T10:00:00Z"))
    assert await deadlines.rows() == []
    assert (await deadlines.clocks(filed))["answer"].breached_at is None


async def test_a_procedure_without_clocks_tells_nothing(deadlines):
    await deadlines.file(header("suggestion@1"))
    assert (await deadlines.told(), await deadlines.rows()) == ([], [])


async def test_the_law_may_come_after_the_complaint_and_its_calendar_after_the_law(deadlines):
    known = (await deadlines.bench.node.directory()).records
    law, calendar = known["procedure/complaint@1"], known["calendar/noria"]
    await deadlines.forget(law.key, calendar.key)
    filed = await deadlines.file()
    assert (await deadlines.told(), [row[0] for row in await deadlines.rows()]) == ([], [""])

    await deadlines.learn(law)
    assert await sweep(deadlines.bench.node) == 1
    assert {c.state for c in (await deadlines.clocks(filed)).values()} == {"pending"}
    assert await deadlines.told() == [("deadline-set", 1, None)]

    await deadlines.learn(calendar)
    assert await sweep(deadlines.bench.node) == 1
    assert (await deadlines.clocks(filed))["answer"].due_at == at("2026-05-01T23:00:00Z")
    assert await deadlines.told() == [("deadline-set", 2, None)]
    assert await sweep(deadlines.bench.node) == 0


async def test_a_restored_store_tells_nothing_of_what_it_reads_a_second_time(deadlines):
    filed = await deadlines.file()
    asked = {"id": "0193a000-0000-7000-8000-000000000001", "asked_at": "2026-03-05T09:00:00Z", "lapses_at": "2026-03-20T23:00:00Z"}
    states = [case(), case(requests=[asked]), case(requests=[asked | {"supplied_at": "2026-03-09T09:00:00Z"}])]
    for version, state in enumerate(states, 1):
        await deadlines.routed(filed, version, state)
    *_, (_, last) = await deadlines.bench.take_outbox()
    assert last.version == 4
    before = await deadlines.rows()
    # As the backup was: before the request. What this service has told since is taken back first, and the rest read again.
    await emptied(deadlines)
    await deadlines.file(filed)
    await deadlines.routed(filed, 1, states[0])
    await deadlines.told()
    await taken_back(deadlines, last)
    await deadlines.routed(filed, 2, states[1])
    await deadlines.routed(filed, 3, states[2])
    assert await deadlines.told() == []
    assert await deadlines.bench.node.run(count_restored) == 1
    assert (await deadlines.rows(), await deadlines.told()) == (before, [])
    assert await deadlines.bench.node.run(count_restored) == 0


async def test_what_a_restored_store_had_not_yet_told_is_told_once_all_is_read(deadlines):
    filed = await deadlines.file()
    await deadlines.routed(filed, 1, case())
    *_, (_, last) = await deadlines.bench.take_outbox()
    await emptied(deadlines)
    await taken_back(deadlines, last)
    await deadlines.file(filed)
    await deadlines.routed(filed, 1, case())
    await deadlines.routed(filed, 2, case(body="ministry-waters"))
    assert await deadlines.told() == []
    await deadlines.bench.node.run(count_restored)
    assert await deadlines.told() == [("deadline-set", 3, None)]
    assert (await deadlines.clocks(filed))["answer"].body == "ministry-waters"


async def emptied(deadlines):
    for table in ("clock", "register", "published"):
        await deadlines.bench.execute(f"delete from {table}")


async def taken_back(deadlines, *facts):
    node = deadlines.bench.node
    await recover._take_back(node.spec, node.db, node.clock, node.cache, [deadlines.bench.raw(fact) for fact in facts])


async def test_a_fact_stays_small(deadlines):
    filed = await deadlines.file()
    asks = [
        {
            "id": f"0193a000-0000-7000-8000-00000000000{n}",
            "asked_at": f"2026-03-{10 + 3 * n}T09:00:00Z",
            "lapses_at": f"2026-03-{12 + 3 * n}T09:00:00Z",
        }
        for n in range(5)
    ]
    await deadlines.bench.deliver(fact("routing", filed, 1, case(requests=asks)), fact("intake", filed, 2, filing()))
    async with deadlines.bench.node.read() as conn:
        sizes = (await conn.execute(text("select length(value) from outbox"))).scalars().all()
    assert len(sizes) == 2
    assert max(sizes) < 8000


async def test_a_fact_that_moves_no_clock_writes_none(deadlines):
    filed = await deadlines.file()
    await deadlines.routed(filed, 1, case(qualified_at="2026-03-03T10:00:00Z"))
    before = await deadlines.bench.execute("select xmin::text, clock.* from clock")
    assert before
    await deadlines.routed(filed, 2, case(qualified_at="2026-03-03T10:00:00Z", taken_up_at="2026-03-03T10:00:00Z"))
    assert await deadlines.bench.execute("select xmin::text, clock.* from clock") == before
