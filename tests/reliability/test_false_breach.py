"""An answer in the last second: called too late only where it was held back, and then taken back; counted as in time either way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.registry import DEADLINES
from shared.runtime.clock import parse_clock
from tests.reliability.conftest import REAL_GRACE
from tests.reliability.faults import relay_held
from tests.reliability.form import SEED
from tests.reliability.history import history
from tests.reliability.life import Life
from tests.reliability.load import BODIES, Load
from tests.reliability.trial import Trial
from tests.reliability.ways import Targets
from tests.reliability.world import World

SECOND = timedelta(seconds=1)
GRACE = timedelta(minutes=15)
BREACH = "wasl.deadline-breached.v1"
IN_TIME = "select status, in_time from complaint_fact where complaint_id = $1"


@pytest.fixture(scope="module")
def load(timed: World) -> Load:
    return Load(Targets.of(timed.platform, *BODIES), SEED)


@pytest.mark.timeout(240)
async def test_a_breach_of_an_answer_that_was_held_back_is_corrected(timed: World, load: Load, trial: Trial) -> None:
    life, due = await _awaited(timed, load)
    async with relay_held(timed, "routing"):
        timed.platform.set_clock(due - SECOND)
        await life.answer("favourable")
        timed.platform.set_clock(due + GRACE)
        await _until(lambda: _clock(timed, life, "breached_at"))
        breached = await _told(timed, life)
    await timed.steady()
    clock = await _clock(timed, life)
    after = (await _told(timed, life))[len(breached) :]
    seen = await _seen(timed, life)
    assert [(type, fact["change"]["reason"]) for type, fact in breached if type == BREACH] == [(BREACH, "answer")], seen
    assert [(type, fact["change"]["reason"]) for type, fact in after] == [("wasl.deadline-set.v1", "corrected")], seen
    assert (clock["breached_at"], clock["corrected_at"]) == (None, _text(due + GRACE)), seen
    assert [tuple(row) for row in await timed.rows("stats", IN_TIME, life.id)] == [("answered", True)], seen
    assert await _posted_at(timed, life) == _text(due - SECOND)
    trial.effective("an answer held back past its due time: its breach told, then taken back")


@pytest.mark.timeout(240)
async def test_with_the_relay_running_no_breach_of_it_is_told(timed: World, load: Load, trial: Trial) -> None:
    life, due = await _awaited(timed, load)
    other, _ = await _awaited(timed, load)
    timed.platform.set_clock(due - SECOND)
    await life.answer("favourable")
    timed.platform.set_clock(due + GRACE)
    await _until(lambda: _clock(timed, other, "breached_at"))
    await timed.steady()
    assert BREACH in [type for type, _ in await _told(timed, other)]
    assert BREACH not in [type for type, _ in await _told(timed, life)], await _seen(timed, life)
    assert await _posted_at(timed, life) == _text(due - SECOND)
    assert [tuple(row) for row in await timed.rows("stats", IN_TIME, life.id)] == [("answered", True)]
    trial.effective("an answer in the last second: no breach of it")


async def _awaited(world: World, load: Load) -> tuple[Life, datetime]:
    """A complaint of which deadlines knows that a body has taken it up, and when its answer is due."""
    life = load.begin("answered")
    await life.file("water-bill", "water-office")
    await life.take_up()
    await world.steady()
    due = await _until(lambda: _clock(world, life, "due_at"))
    assert due > _text(parse_clock(world.platform.clock).now() + timedelta(days=50))
    return life, datetime.fromisoformat(due)


async def _seen(world: World, life: Life) -> str:
    assert life.id
    return "\n".join([f"seed {SEED}", *await history(world, life, life.id)])


async def _clock(world: World, life: Life, name: str = "") -> Any:
    rows = await world.rows("deadlines", "select deadlines from register where complaint_id = $1", life.id)
    clocks = {clock["code"]: clock for row in rows for clock in json.loads(row["deadlines"] or "[]")}
    found = clocks.get("answer", {})
    return found.get(name) if name else found


async def _posted_at(world: World, life: Life) -> str:
    (row,) = await world.rows("routing", "select routing from register where complaint_id = $1", life.id)
    posted: str = json.loads(row["routing"])["response"]["posted_at"]
    return posted


async def _told(world: World, life: Life) -> list[tuple[str, Any]]:
    """The facts of deadlines about it, in the log's order."""
    mine = [record for record in await world.records(DEADLINES) if record.key == str(life.id).encode()]
    return [((dict(record.headers)["ce_type"] or b"").decode(), json.loads(record.value or b"")) for record in mine]


async def _until(look: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60 + REAL_GRACE):
        while not (found := await look()):
            await asyncio.sleep(0.05)
    return found


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
