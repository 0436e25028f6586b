"""A sample of the machine's histories once more, transaction by transaction, through the engine and the SQL of the services: it must end
as it did in memory."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from services.deadlines import store as clocks
from services.deadlines.firing import fire_these
from services.routing.models import COLUMNS as CASE
from services.routing.models import CaseRow
from services.routing.packs import adopt
from services.stats.domain import FactRow
from services.stats.models import COLUMNS as FACT
from shared.contracts.registry import FACT_TOPICS, NOTICES, PRIVATE_TOPICS
from shared.messaging import registers
from shared.messaging.codec import Undecodable
from shared.messaging.murmur import partition_of
from shared.messaging.positions import Place
from shared.messaging.records import RawRecord
from shared.messaging.tx import Tx
from tests.messaging.machine import Machine
from tests.messaging.memory import Crash, State, put_in_place_of_sql
from tests.messaging.simulated import SERVICES, UNREADABLE, Step, World
from tests.support.desk import noria_pack
from tests.support.stores import Bench, Opener

FEWEST = 200
SAMPLE = settings(
    max_examples=16,
    stateful_step_count=24,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TOLD = (*FACT_TOPICS, NOTICES)


class Numbered(Machine):
    numbered = True


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """Histories that have run in memory: several small campaigns differ more than a large one. They share nothing, so that one
    transaction of a real store does a step of many of them."""
    with pytest.MonkeyPatch.context() as patch:
        put_in_place_of_sql(patch)
        Numbered.finished = []
        for number in range(4):
            run_state_machine_as_test(seed(number)(Numbered), settings=SAMPLE)
    acts = Counter(name for world in Numbered.finished for name, _, _ in world.accepted)
    assert acts["file"] >= FEWEST
    assert acts.keys() >= {"withdraw", "supply", "rate", "erase", "take up", "ask", "transfer", "answer", "amend"}
    return Numbered.finished


def together(worlds: Sequence[World], service: str) -> Iterator[list[tuple[World, Step]]]:
    """The steps of all histories at one service: each history's in its order, those of one kind at one instant at once."""
    left = [(world, deque(step for step in world.steps if step.service == service)) for world in worlds]
    while left := [(world, steps) for world, steps in left if steps]:
        now = min(steps[0].now for _, steps in left)
        heads = [(world, steps) for world, steps in left if steps[0].now == now]
        kind = Counter(_kind(steps[0]) for _, steps in heads).most_common(1)[0][0]
        yield [(world, steps.popleft()) for world, steps in heads if _kind(steps[0]) == kind]


def _kind(step: Step) -> tuple[Any, ...]:
    unreadable = step.kind == "batch" and any(raw.value == UNREADABLE for raw in step.what)
    return step.kind, unreadable, step.what[1] if step.kind == "fire" else None


class Again:
    """A service on a real store that is given the steps."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._placed: dict[tuple[int, Place, int], RawRecord] = {}
        self._ends: dict[Place, int] = defaultdict(int)

    async def take(self, steps: Sequence[tuple[World, Step]]) -> None:
        self.bench.at(steps[0][1].now)
        await getattr(self, steps[0][1].kind)(steps)

    async def batch(self, steps: Sequence[tuple[World, Step]]) -> None:
        await self.bench.deliver_raw(self._raw(steps))
        assert self.bench.node.failed is None, self.bench.node.failed

    async def cut(self, steps: Sequence[tuple[World, Step]]) -> None:
        placed, ends = self._placed.copy(), self._ends.copy()
        with pytest.MonkeyPatch.context() as patch, suppress(Crash, Undecodable):
            patch.setattr(Tx, "flush", _flushed_and_dead)
            await self.bench.node.engine._whole(self._raw(steps))
        self._placed, self._ends = placed, ends

    async def deed(self, steps: Sequence[tuple[World, Step]]) -> None:
        async def all_of_them(tx: Tx) -> None:
            for _, step in steps:
                await step.what(tx)

        await self.bench.node.run(all_of_them)

    async def fire(self, steps: Sequence[tuple[World, Step]]) -> None:
        ids, until = sorted(id for _, step in steps for id in step.what[0]), steps[0][1].what[1]

        async def let_time_act(tx: Tx) -> None:
            due = [id for partition in range(12) for id in await clocks.due(tx.conn, partition, until, 10_000)]
            assert set(ids) <= set(due)
            await fire_these(tx, ids, until)

        await self.bench.node.run(let_time_act)

    async def replay(self, steps: Sequence[tuple[World, Step]]) -> None:
        for world, step in steps:
            raw = self._placed[world.number, step.what.place, step.what.offset]
            await self.bench.node.engine.replay(replace(raw, value=step.what.value))
            gone = """delete from dead_letters where topic = :topic and partition = :partition and "offset" = :offset returning id"""
            assert len(await self.bench.execute(gone, topic=raw.topic, partition=raw.partition, offset=raw.offset)) == 1

    def _raw(self, steps: Sequence[tuple[World, Step]]) -> list[RawRecord]:
        return [self._place(world.number, raw) for world, step in steps for raw in step.what]

    def _place(self, world: int, raw: RawRecord) -> RawRecord:
        """The record where this log has it: the next of its partition, or where it was the first time."""
        key = world, raw.place, raw.offset
        if key not in self._placed:
            place = raw.topic, partition_of((raw.key or b"").decode())
            self._placed[key] = replace(raw, partition=place[1], offset=self._ends[place])
            self._ends[place] += 1
        return replace(self._placed[key], value=raw.value)


_FLUSH = Tx.flush


async def _flushed_and_dead(tx: Tx) -> None:
    await _FLUSH(tx)
    raise Crash


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", SERVICES)
async def test_histories_end_on_a_real_store_as_in_memory(open_store: Opener, worlds: list[World], service: str) -> None:
    bench: Bench = await open_store(service)
    if service == "routing":
        await bench.node.run(partial(lambda pack, tx: adopt(tx, pack), noria_pack()))
    again, kinds = Again(bench), Counter[str]()
    for steps in together(worlds, service):
        await again.take(steps)
        kinds[steps[0][1].kind] += 1
    print(f"{service}: {dict(kinds)} for {len(worlds)} runs")
    states = [world.services[service].state for world in worlds]
    expected: dict[UUID, Any] = {id: replace(known, partition=0) for state in states for id, known in state.registers.items()}
    async with bench.node.read() as conn:
        stored = await registers.load(conn, list(expected), lock=False)
    assert {id: replace(known, partition=0) for id, known in stored.items()} == expected
    assert await _told(bench) == _told_in_memory(states)
    assert await _documents(bench) == {key: doc for state in states for key, doc in state.private.items()}
    assert {row.complaint_id for row in await bench.execute("select complaint_id from erased")} == {id for s in states for id in s.erased}
    await _rows_are_equal(service, bench, states)


async def _rows_are_equal(service: str, bench: Bench, states: Sequence[State]) -> None:
    match service:
        case "routing":
            rows = {row.complaint_id: CaseRow(**row._mapping) for row in await bench.execute(f"select {', '.join(CASE)} from desk_case")}
            assert rows == {id: row for state in states for id, row in state.cases.items()}
        case "stats":
            facts = {
                row.complaint_id: FactRow(**row._mapping) for row in await bench.execute(f"select {', '.join(FACT)} from complaint_fact")
            }
            assert facts == {id: row for state in states for id, row in state.facts.items()}
        case "deadlines":
            columns = "complaint_id, code, procedure, calendar, calendar_version, breach_at, alert_at"
            kept = sorted(tuple(row) for row in await bench.execute(f"select {columns} from clock"))
            wanted = [astuple(row) for state in states for rows in state.clocks.values() for row in rows]
            assert kept == sorted((id, code, *rest) for id, code, _, *rest in wanted)
        case "notifications":
            assert await _notices(bench) == {notice.id: _row(notice) for state in states for notice in state.notices.values()}


async def _told(bench: Bench) -> dict[tuple[str, str], list[Any]]:
    """Parsed: a fact that is made of a stored one has its members in the store's order."""
    told: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in await bench.execute("select topic, key, value from outbox where topic = any(:topics) order by id", topics=list(TOLD)):
        told[row.topic, row.key].append(json.loads(row.value))
    return told


def _told_in_memory(states: Sequence[State]) -> dict[tuple[str, str], list[Any]]:
    told: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in [row for state in states for row in state.told if row.topic in TOLD]:
        told[row.topic, row.key].append(json.loads(row.value or b"null"))
    return told


async def _documents(bench: Bench) -> dict[tuple[str, UUID], Any]:
    rows = await bench.execute("select topic, complaint_id, doc from private_document")
    return {(row.topic, row.complaint_id): PRIVATE_TOPICS[row.topic].model_validate_json(row.doc) for row in rows}


async def _notices(bench: Bench) -> dict[UUID, tuple[Any, ...]]:
    rows = await bench.execute("select id, complaint_id, code, subject, audience, state, reason, params from notices")
    return {row.id: (*row[1:7], _loaded(row.params)) for row in rows}


def _row(notice: Any) -> tuple[Any, ...]:
    entry = notice.entry
    return notice.complaint_id, entry.code, entry.subject, entry.audience, entry.state, notice.reason, entry.params


def _loaded(params: str | None) -> Any:
    return None if params is None else json.loads(params)
