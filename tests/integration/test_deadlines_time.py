"""What time does, on a real store: each breach once, whoever looks; corrections; storms."""

import asyncio
from collections import Counter

import pytest

from services.deadlines import store
from services.deadlines.handlers import fire
from services.deadlines.loop import fire_due, sweep
from tests.support.stores import fact
from tests.support.timed import Deadlines, answered, at, case, filing, header, known_up_to, with_days_off

LATE = "2026-05-02T08:00:00Z"
MANY = 700


@pytest.fixture
async def deadlines(open_store):
    return Deadlines(await open_store("deadlines"))


async def test_what_is_due_is_told_at_its_time_once_and_by_the_law(deadlines):
    filed = await deadlines.file()
    await deadlines.routed(filed, 1, case(qualified_at="2026-03-03T10:00:00Z"))
    await deadlines.told()
    for until in ("2026-04-15T22:59:59Z", "2026-04-15T23:00:00Z", "2026-04-15T23:00:00Z", "2026-05-01T22:59:59.999Z"):
        await deadlines.pass_time(until)
    assert await deadlines.told() == [("deadline-approaching", 3, "answer/d-15"), ("deadline-approaching", 4, "answer/d-5")]
    await deadlines.pass_time("2026-05-01T23:00:00Z")
    (breach,) = await deadlines.bench.outbox()
    assert (breach[0], breach[1].change.by, breach[1].change.reason) == ("deadline-breached", "law", "answer")
    clock = {c.code: c for c in breach[1].clocks}["answer"]
    assert (clock.breached_at, clock.body) == (at("2026-05-01T23:00:00Z"), "water-office")
    await deadlines.pass_time(LATE)
    assert len(await deadlines.told()) == 1


async def test_a_letter_entered_on_day_61_is_born_breached_and_says_so(deadlines):
    await deadlines.file(header(filed="2026-01-01T10:00:00Z", recorded="2026-03-03T10:00:00Z"))
    assert [name for name, *_ in await deadlines.told()] == ["deadline-set"]
    await deadlines.pass_time("2026-03-03T10:30:00Z")
    told = await deadlines.told()
    assert [(name, reason) for name, _, reason in told] == [("deadline-breached", "entered-late")] * 2


async def test_two_processes_on_one_store_breach_each_clock_once(deadlines):
    """Both look at the same instant; what one has done the other finds done."""
    headers = [header() for _ in range(MANY)]
    await deadlines.bench.deliver(*(fact("intake", one, 1, filing()) for one in headers))
    await deadlines.bench.take_outbox()
    other = deadlines.another_node()
    deadlines.bench.at(LATE)
    try:
        await asyncio.gather(*(fire_due(node, known_up_to(LATE)) for node in (deadlines.bench.node, other) * 2))
    finally:
        await other.stop()
    assert_each_once(await deadlines.bench.take_outbox(), headers)
    assert {row[1] for row in await deadlines.rows()} == {None}


async def test_even_without_taking_turns_the_rows_lock_decides(deadlines):
    headers = [header() for _ in range(60)]
    await deadlines.bench.deliver(*(fact("intake", one, 1, filing()) for one in headers))
    await deadlines.bench.take_outbox()
    other = deadlines.another_node()
    deadlines.bench.at(LATE)

    async def all_at_once(tx):
        await fire((await tx.lock_many([one.id for one in headers])).values(), at(LATE), tx)

    try:
        await asyncio.gather(*(node.run(all_at_once) for node in (deadlines.bench.node, other) * 3))
    finally:
        await other.stop()
    assert_each_once(await deadlines.bench.take_outbox(), headers)


async def test_so_it_does_where_time_passes_over_clocks_as_they_were_told(deadlines, monkeypatch):
    async def always(*_):
        return True

    monkeypatch.setattr(store, "claim", always)
    headers = [header() for _ in range(60)]
    await deadlines.bench.deliver(*(fact("intake", one, 1, filing()) for one in headers))
    await deadlines.bench.take_outbox()
    other = deadlines.another_node()
    deadlines.bench.at(LATE)
    try:
        await asyncio.gather(*(fire_due(node, known_up_to(LATE)) for node in (deadlines.bench.node, other) * 3))
    finally:
        await other.stop()
    assert_each_once(await deadlines.bench.take_outbox(), headers)


def assert_each_once(told, headers):
    assert {name for name, _ in told} == {"deadline-breached"}
    counted = Counter((body.complaint.id, body.change.reason) for _, body in told)
    assert counted == Counter({(one.id, code): 1 for one in headers for code in ("qualify", "answer")})
    versions = Counter((body.complaint.id, body.version) for _, body in told)
    assert set(versions.values()) == {1}
    assert {version for _, version in versions} == {2, 3}


async def test_facts_that_arrive_while_time_acts_are_not_lost(deadlines):
    """An answer given in time is delivered while the breach is being fired: in whichever order, no breach is left standing."""
    headers = [header() for _ in range(200)]
    await deadlines.bench.deliver(*(fact("intake", one, 1, filing()) for one in headers))
    deadlines.bench.at(LATE)
    answers = [fact("routing", one, 1, answered("2026-05-01T10:00:00Z")) for one in headers]
    await asyncio.gather(fire_due(deadlines.bench.node, known_up_to(LATE)), deadlines.bench.deliver(*answers))
    clocks = [(await deadlines.clocks(one))["answer"] for one in headers]
    assert [c.breached_at for c in clocks] == [None] * 200
    assert await deadlines.rows() == []


async def test_a_breach_stands_though_the_clock_was_set_back_when_it_was_told(deadlines):
    filed = await deadlines.file()
    deadlines.bench.at("2026-05-01T22:30:00Z")  # half an hour before it is due, by a clock that was an hour ahead before
    await fire_due(deadlines.bench.node, known_up_to("2026-05-01T23:00:00Z"))
    await deadlines.told()
    await deadlines.routed(filed, 1, case())
    clock = (await deadlines.clocks(filed))["answer"]
    assert (clock.breached_at, clock.corrected_at) == (at("2026-05-01T23:00:00Z"), None)


async def test_a_timely_answer_that_was_heard_of_late_takes_the_breach_back(deadlines):
    filed = await deadlines.file()
    await deadlines.pass_time(LATE)
    await deadlines.told()
    deadlines.bench.at("2026-05-03T09:00:00Z")
    await deadlines.routed(filed, 1, answered("2026-05-01T22:59:00Z"))
    assert await deadlines.told() == [("deadline-set", 4, "corrected")]
    clock = (await deadlines.clocks(filed))["answer"]
    assert (clock.breached_at, clock.corrected_at) == (None, at("2026-05-03T09:00:00Z"))


async def test_a_day_off_announced_late_takes_a_breach_back_until_the_new_day_is_over(deadlines):
    """20 working days from Monday 2 March: 3-6, 9-13, 16-18 (two days off), 23-27, 30, 31 March, 1 April; without the 31st 2 April."""
    filed = await deadlines.file(header("access-to-information@1"), urgent="no")
    assert (await deadlines.clocks(filed))["answer"].due_at == at("2026-04-01T23:00:00Z")
    await deadlines.pass_time("2026-04-02T07:00:00Z")
    assert (await deadlines.told())[-1][0] == "deadline-breached"
    calendar = (await deadlines.bench.node.directory()).records["calendar/noria"]
    deadlines.bench.at("2026-04-02T08:00:00Z")
    await deadlines.learn(with_days_off(calendar, ["2026-03-31"]))
    assert await sweep(deadlines.bench.node) == 1
    clock = (await deadlines.clocks(filed))["answer"]
    assert (clock.due_at, clock.breached_at, clock.corrected_at) == (at("2026-04-02T23:00:00Z"), None, at("2026-04-02T08:00:00Z"))
    assert [(name, reason) for name, _, reason in await deadlines.told()] == [("deadline-set", "corrected")]
    await deadlines.pass_time("2026-04-02T23:00:00Z")
    assert [name for name, *_ in await deadlines.told()] == ["deadline-breached"]


async def test_a_calendar_that_moves_no_date_tells_nothing_and_is_looked_at_once(deadlines):
    await deadlines.file()
    await deadlines.told()
    calendar = (await deadlines.bench.node.directory()).records["calendar/noria"]
    await deadlines.learn(with_days_off(calendar, ["2026-03-31"]))
    assert [await sweep(deadlines.bench.node), await sweep(deadlines.bench.node)] == [1, 0]
    assert await deadlines.told() == []
    assert {row[-1] for row in await deadlines.rows()} == {2}


async def test_a_request_that_nobody_answers_is_breached_for_the_citizen(deadlines):
    filed = await deadlines.file()
    ask = {"id": filed.id, "asked_at": "2026-03-10T09:00:00Z", "lapses_at": "2026-03-25T23:00:00Z"}
    await deadlines.routed(filed, 1, case(qualified_at="2026-03-03T10:00:00Z", requests=[ask]))
    await deadlines.told()
    await deadlines.pass_time("2026-03-25T23:00:00Z")
    assert [(name, reason) for name, _, reason in await deadlines.told()] == [("deadline-breached", "supply")]
    clocks = await deadlines.clocks(filed)
    assert (clocks["supply"].holder, clocks["answer"].breached_at) == ("citizen", None)
