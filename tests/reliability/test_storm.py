"""Very many clocks due in the same second, among very many more that are not: each told once, none early, at the store's own pace."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from deploy.local.platform import Platform
from services.deadlines.loop import fire_due
from services.routing.directory.pack import load
from shared.contracts.registry import DEADLINES
from shared.runtime.clock import parse_clock
from tests.reliability.form import LONGEST
from tests.reliability.population import fill
from tests.reliability.trial import Trial
from tests.reliability.world import NORIA, World
from tests.support.buffers import CHUNK, touched
from tests.support.stores import open_bench
from tests.support.timed import Deadlines, known_up_to

DUE = int(os.environ.get("WASL_PROOF_STORM", "5000"))
OPEN = int(os.environ.get("WASL_PROOF_OPEN", "200000"))
LONG = "WASL_PROOF_STORM" in os.environ
FEW = 10_000
RATIO = 0.5
DAY = timedelta(days=1)
GRACE = timedelta(minutes=15)
NOW = "2026-06-01T08:00:00Z"

_BARE = (
    """update register r set deadlines = u.state::jsonb, deadlines_version = r.deadlines_version + 1
       from unnest($1::uuid[], $2::text[]) as u (id, state) where r.complaint_id = u.id""",
    """update published p set version = p.version + 1, value = u.value from unnest($1::uuid[], $2::bytea[]) as u (id, value)
       where p.complaint_id = u.id""",
    """insert into outbox (topic, key, complaint_id, version, headers, value)
       select 'complaints-deadlines', u.id::text, u.id, 9, '{}', u.value from unnest($1::uuid[], $2::bytea[]) as u (id, value)""",
    "update clock set breach_at = null where complaint_id = any($1::uuid[])",
)


@pytest.mark.timeout(LONGEST + DUE // 50)
async def test_each_breach_of_a_storm_is_told_once_and_not_early(timed: World, trial: Trial) -> None:
    store, now = timed.stores["deadlines"], parse_clock(timed.platform.clock).now()
    ids, due = await fill(store, now, [now - 57 * DAY], DUE, whole=True)
    assert now < due < now + 5 * DAY
    await fill(store, now, _spread(now), FEW - DUE if FEW > DUE else FEW)
    few = await _buffers(timed, due)
    await fill(store, now, _spread(now), OPEN - FEW)
    many = await _buffers(timed, due)
    print(f"buffers touched by a look at {FEW} and {OPEN} open clocks: {few} and {many}")
    assert all(many[name] < 2 * few[name] for name in few)
    before = len(await timed.records(DEADLINES))
    moved = time.time()
    timed.platform.set_clock(due + GRACE)
    await _until(lambda: store.fetchval("select not exists (select from clock where breach_at <= $1)", due))
    await timed.steady(90 + DUE / 100)
    told = await timed.records(DEADLINES)
    keys = {str(id).encode() for id in ids}
    mine = [record for record in told if record.key in keys]
    assert len(told) - before == len(mine) == DUE
    facts = [json.loads(record.value or b"") for record in mine]
    assert Counter(fact["complaint"]["id"] for fact in facts) == {str(id): 1 for id in ids}
    assert {((dict(record.headers)["ce_type"] or b"").decode()) for record in mine} == {"wasl.deadline-breached.v1"}
    assert {fact["version"] for fact in facts} == {4}
    assert min(record.timestamp_ms for record in mine) / 1000 >= moved
    last = max(record.timestamp_ms for record in mine) / 1000 - moved
    trial.effective(f"{DUE} of {OPEN} due at once: the last was on the topic {last:.1f} s later")
    await store.execute("delete from clock where complaint_id in (select complaint_id from register where reference like 'STRM-%')")


@pytest.fixture
async def deadlines(broker_and_database: Platform, tmp_path: Path) -> AsyncIterator[Deadlines]:
    records = load(Path(NORIA["routing"]["WASL_PACK"])).records
    made = Deadlines(await open_bench(broker_and_database, tmp_path, "deadlines", NOW, records))
    yield made
    await made.bench.node.stop()


@pytest.mark.timeout(LONGEST + DUE // 50)
async def test_a_storm_at_the_stores_own_pace(deadlines: Deadlines, trial: Trial) -> None:
    now = datetime.fromisoformat(NOW)
    url = make_url(deadlines.bench.node.settings.database_url)
    store = await asyncpg.connect(deadlines.bench.platform.pg_url(url.database or "", "postgres", "postgresql"))
    try:
        _, due = await fill(store, now, [now - 57 * DAY], DUE, whole=True)
        await fill(store, now, _spread(now), FEW)
        until = (due + GRACE).isoformat()
        deadlines.bench.at(until)
        began = time.monotonic()
        await fire_due(deadlines.bench.node, known_up_to(until))
        rate = DUE / (time.monotonic() - began)
        assert await store.fetchval("select count(*) from outbox") == DUE
        bare = await _bare(store)
    finally:
        await store.close()
    trial.effective(f"{rate:.0f} breaches a second, bare {bare:.0f} rows a second, ratio {rate / bare:.2f} (at least {RATIO} in a proof)")
    assert not LONG or rate >= RATIO * bare


def _spread(now: datetime) -> list[datetime]:
    """Times of filing of complaints on which time has nothing to do for two weeks."""
    return [now - n * DAY for n in range(30)]


async def _buffers(world: World, due: datetime) -> dict[str, int]:
    await world.stores["deadlines"].execute("vacuum analyze clock")
    return await touched(world.platform.pg_url("wasl_deadlines", "postgres"), due + GRACE)


async def _bare(store: asyncpg.Connection) -> float:
    """Rows a second, where what is to be written is ready at hand: the same rows of the same tables, set by set, in the same chunks."""
    rows = await store.fetch(
        "select complaint_id as id, r.deadlines::text as state, p.value from register r join published p using (complaint_id) "
        "where complaint_id in (select complaint_id from outbox) order by 1"
    )
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    began = time.monotonic()
    for chunk in chunks:
        ids, states, values = ([row[name] for row in chunk] for name in ("id", "state", "value"))
        async with store.transaction():
            for statement, given in zip(_BARE, ((ids, states), (ids, values), (ids, values), (ids,)), strict=True):
                await store.execute(statement, *given)
    return len(rows) / (time.monotonic() - began)


async def _until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(600):
        while not await condition():
            await asyncio.sleep(0.05)
