"""Figures over HTTP from a real store, beside numbers computed by hand."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stats import store
from services.stats.api import offsets
from services.stats.handlers import renew
from shared.contracts.directory import Directory
from shared.messaging import directory, positions
from shared.messaging.directory import load
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from tests.support.lives import facts, life, noria
from tests.support.stores import Bench, Opener

AS_OF = "2026-04-01T10:00:00Z"
COUNTS = ("n", "open", "answered", "refused", "withdrawn", "lapsed", "overdue_open", "in_time", "median_days", "rated", "satisfied")


def eleven() -> list[Registers]:
    """Due 60 days after filing. Days waited are to 1 April."""
    prima: dict[str, Any] = {"body": "commune-prima", "public_service": "civil-status"}
    south: dict[str, Any] = {"body": None, "territory": "020010101"}
    return [
        life("2026-01-10", answered="2026-01-20", rating=True),  # day 10
        life("2026-01-12", answered="2026-01-16", outcome="refused"),  # day 4
        life("2026-01-15", answered="2026-03-26", rating=False),  # day 70, due until day 60
        life("2026-01-20"),  # overdue since 21 March, has waited 71 days
        life("2026-03-05"),  # has waited 27
        life("2026-02-03", closed="2026-02-13", outcome="withdrawn"),  # day 10
        life("2026-02-01", answered="2026-02-03", rating=True, **prima),  # day 2
        life("2026-02-10", closed="2026-03-20", outcome="lapsed", **prima),  # day 38
        life("2026-02-20T23:30:00+00:00", **prima),  # 21 February in Noria, has waited 39
        life("2026-03-31T23:15:00+00:00", routed=False, public_service="dams", **south),  # 1 April in Noria
        life("2026-03-10", procedure="observation@1", public_service=None, due="none", **south),  # no clock, has waited 22
    ]


EXPECTED = {
    "body": {
        None: (2, 2, 0, 0, 0, 0, 0, 0, None, 0, 0),
        "commune-prima": (3, 1, 1, 0, 0, 1, 0, 1, None, 1, 1),  # day 2: 1 of 3, 2/3 unanswered
        "water-office": (6, 2, 2, 1, 1, 0, 1, 2, 70, 2, 1),  # 5/6 at 4, × 4/5 at 10, × 1/2 at 70 = 1/3
    },
    "public_service": {
        None: (1, 1, 0, 0, 0, 0, 0, 0, None, 0, 0),
        "civil-status": (3, 1, 1, 0, 0, 1, 0, 1, None, 1, 1),
        "dams": (1, 1, 0, 0, 0, 0, 0, 0, None, 0, 0),
        "water-bill": (6, 2, 2, 1, 1, 0, 1, 2, 70, 2, 1),
    },
    "month": {
        "2026-01": (4, 1, 2, 1, 0, 0, 1, 2, 10, 2, 1),  # 3/4 at 4, × 2/3 at 10 = 1/2
        "2026-02": (4, 1, 1, 0, 1, 1, 0, 1, None, 1, 1),
        "2026-03": (2, 2, 0, 0, 0, 0, 0, 0, None, 0, 0),
        "2026-04": (1, 1, 0, 0, 0, 0, 0, 0, None, 0, 0),
    },
    "territory": {
        # 8/9 at 2, × 7/8 at 4, × 6/7 at 10 (then one withdrawn leaves), × 1/2 at 70, when 2 of 9 still wait: 1/3
        "010000000": (9, 3, 3, 1, 1, 1, 1, 3, 70, 3, 2),
        "020000000": (2, 2, 0, 0, 0, 0, 0, 0, None, 0, 0),
    },
}


@pytest.fixture
async def bench(open_store: Opener) -> Bench:
    found: Bench = await open_store("stats", clock_at=AS_OF)
    return found


async def deliver_shuffled(bench: Bench, lives: list[Registers], seed: int = 7) -> None:
    told = [fact for known in lives for fact in facts(known)]
    random.Random(seed).shuffle(told)
    for start in range(0, len(told), 5):
        await bench.deliver(*told[start : start + 5])


async def ask(bench: Bench, **question: Any) -> Any:
    async with bench.client() as client:
        answer = await client.get("/v1/figures", params=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("by", EXPECTED)
async def test_the_figures_are_those_computed_by_hand(bench: Bench, by: str) -> None:
    await deliver_shuffled(bench, eleven())
    answer = await ask(bench, by=by)
    assert {row["key"]: tuple(row[name] for name in COUNTS) for row in answer["rows"]} == EXPECTED[by]
    assert answer["by"] == by
    assert answer["as_of"]["at"] == "2026-04-01T10:00:00.000Z"
    assert not answer["withheld"]


async def test_filed_is_open_and_closed_in_every_row_and_in_all(bench: Bench) -> None:
    await deliver_shuffled(bench, eleven())
    for by in EXPECTED:
        rows = (await ask(bench, by=by))["rows"]
        assert sum(row["n"] for row in rows) == 11
        assert all(row["n"] == row["open"] + row["answered"] + row["refused"] + row["withdrawn"] + row["lapsed"] for row in rows)


async def test_a_rate_stands_beside_what_it_is_of_and_the_overdue_are_in_it(bench: Bench) -> None:
    await deliver_shuffled(bench, eleven())
    rows = {row["key"]: row for row in (await ask(bench, by="body", rates=1))["rows"]}
    office = rows["water-office"]
    # 2 in time of 3 answered and 1 overdue; the withdrawn one is in neither.
    assert (office["in_time_rate"], office["in_time_of"]) == (0.5, 4)
    assert (office["satisfied_rate"], office["satisfied_of"]) == (0.5, 2)
    assert (rows[None]["in_time_rate"], rows[None]["in_time_of"]) == (None, 0)


async def test_time_alone_makes_an_open_complaint_overdue(bench: Bench) -> None:
    await bench.deliver(*facts(life("2026-02-01")))  # day 60 is 2 April, which ends at 23:00 UTC
    bench.at("2026-04-02T22:59:59.999Z")
    assert [row["overdue_open"] for row in (await ask(bench, by="body"))["rows"]] == [0]
    bench.at("2026-04-02T23:00:00Z")
    assert [row["overdue_open"] for row in (await ask(bench, by="body"))["rows"]] == [1]


async def test_a_letter_entered_after_its_due_day_stands_apart(bench: Bench) -> None:
    await bench.deliver(*facts(life("2026-01-10", recorded="2026-03-20")))
    assert [row["entered_late"] for row in (await ask(bench, by="body"))["rows"]] == [1]


async def test_facts_doubled_and_late_change_nothing(bench: Bench) -> None:
    lives = eleven()
    await deliver_shuffled(bench, lives)
    before = await ask(bench, by="month")
    await deliver_shuffled(bench, lives, seed=8)
    assert (await ask(bench, by="month"))["rows"] == before["rows"]


async def test_a_complaint_that_moves_is_counted_where_it_is(bench: Bench) -> None:
    known = life(body="water-office")
    await bench.deliver(*facts(known))
    assert known.routing
    moved = known.with_state("routing", known.routing.model_copy(update={"body": "commune-prima"}), 2)
    await bench.deliver(*facts(moved))
    assert [(row["key"], row["n"]) for row in (await ask(bench, by="body"))["rows"]] == [("commune-prima", 1)]


async def test_facts_that_come_before_the_directory_are_counted_right_once_it_is_there(bench: Bench) -> None:
    await bench.execute("delete from directory_record")
    await deliver_shuffled(bench, eleven())
    async with bench.client() as client:
        refused = await client.get("/v1/figures", params={"by": "body"})
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "starting", "2")
    await bench.deliver(*noria().records.values())
    while not (await bench.node.directory()).ready:  # a snapshot of it may be a second old
        await asyncio.sleep(0.05)
    rows = (await ask(bench, by="month"))["rows"]
    assert {row["key"]: tuple(row[name] for name in COUNTS) for row in rows} == EXPECTED["month"]


async def test_a_row_made_from_an_older_snapshot_of_the_directory_is_made_again(bench: Bench) -> None:
    """Two replicas: one stores the directory's records while the other, not yet seeing them, counts."""
    await bench.execute("delete from directory_record")
    await deliver_shuffled(bench, eleven())
    async with bench.node.db.begin() as conn:
        await directory.upsert(conn, list(noria().records.values()))
    while not (await bench.node.directory()).ready:
        await asyncio.sleep(0.05)
    assert await bench.node.run(renew) == 11
    assert await bench.node.run(renew) == 0
    rows = (await ask(bench, by="body"))["rows"]
    assert {row["key"]: tuple(row[name] for name in COUNTS) for row in rows} == EXPECTED["body"]


async def test_a_look_from_before_the_directory_takes_nothing_from_rows_made_by_it(bench: Bench) -> None:
    await bench.execute("delete from directory_record")
    async with bench.node.db.begin() as conn:
        early = Tx(conn, "stats", bench.node.clock.now(), await bench.node.directory())
        await bench.deliver(*noria().records.values())
        await deliver_shuffled(bench, eleven())
        assert await renew(early) == 0
    rows = (await ask(bench, by="body"))["rows"]
    assert {row["key"]: tuple(row[name] for name in COUNTS) for row in rows} == EXPECTED["body"]


async def test_a_snapshot_that_is_being_read_while_the_directory_moves_is_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.execute("delete from directory_record")
    seen, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(conn: AsyncConnection) -> Directory:
        found = await load(conn)
        seen.set()
        await go_on.wait()
        return found

    bench.node.cache.expire()
    monkeypatch.setattr(directory, "load", slowly)
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.node.directory())
        await seen.wait()
        async with bench.node.db.begin() as conn:
            await directory.upsert(conn, list(noria().records.values()))
        bench.node.cache.expire()
        go_on.set()
    assert (await bench.node.directory()).ready


async def test_the_offsets_name_the_facts_that_were_counted(bench: Bench) -> None:
    lives = eleven()
    await deliver_shuffled(bench, lives)
    counted = (await ask(bench, by="body"))["as_of"]["offsets"]
    assert sum(counted["complaints-intake"].values()) == 11
    assert sum(counted["complaints-routing"].values()) == 10
    assert sum(counted["complaints-deadlines"].values()) == 10


async def test_what_follows_the_directory_at_once_is_counted_by_it(bench: Bench) -> None:
    await bench.execute("delete from directory_record")
    assert not (await bench.node.directory()).records
    await bench.deliver(*noria().records.values())
    await bench.deliver(*facts(life()))
    assert [row.law_known for row in await bench.execute("select law_known from complaint_fact")] == [True]


async def test_a_partition_of_which_nothing_is_counted_is_not_named(bench: Bench) -> None:
    async with bench.node.db.begin() as conn:
        await positions.claim(conn, bench.node.consumer, [("complaints-intake", 3)], {"complaints-intake": "id"})
    assert (await ask(bench, by="body"))["as_of"]["offsets"] == {}


async def test_an_answer_is_of_one_instant_whatever_arrives_meanwhile(bench: Bench) -> None:
    await bench.deliver(*facts(life()))
    async with bench.node.read(snapshot=True) as conn:
        before = await offsets(conn, bench.node.consumer)
        await bench.deliver(*facts(life()))
        assert await store.totals(conn, "body", {}) == {"water-office": 1}
        assert await offsets(conn, bench.node.consumer) == before
    assert (await ask(bench, by="body"))["rows"][0]["n"] == 2


async def test_under_load_n_and_offsets_agree_in_every_answer(bench: Bench) -> None:
    """Each of these complaints has one intake fact, so that n counts them and so do the offsets."""
    lives = [life() for _ in range(60)]

    async def arrive() -> None:
        for known in lives:
            await bench.deliver(*facts(known))

    arriving, seen = asyncio.create_task(arrive()), set[int]()
    while not arriving.done():
        answer = await ask(bench, by="month")
        n = sum(row["n"] for row in answer["rows"])
        assert n == sum(answer["as_of"]["offsets"].get("complaints-intake", {}).values())
        seen.add(n)
    await arriving
    assert len(seen) > 2, "no answer fell into the load"
