"""Clocks that are set, that change with the season, and that run: no breach is told early, none twice.

The time source is the test's own, in this process; the store and the log are real.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.platform import Platform
from services.deadlines.loop import confirm_clock
from services.routing.directory.pack import load
from shared.contracts.complaint import Header
from shared.contracts.directory import CalendarRecord, ProcedureRecord
from shared.contracts.events import DeadlinesFact
from shared.contracts.registry import DEADLINES
from shared.messaging.codec import decode
from shared.messaging.node import Node
from shared.messaging.records import RawRecord
from shared.messaging.spec import Spec
from shared.messaging.transport import observing
from shared.runtime import metrics
from shared.runtime.clock import RealClock
from tests.reliability.trial import Trial
from tests.reliability.world import NORIA
from tests.support.probe import file, fresh_store, node_on
from tests.support.stores import open_bench
from tests.support.timed import Deadlines, at, case, header

HOUR = timedelta(hours=1)
AGREED = 1.0
HELD = 2.0
"""Seconds in which a loop that is not held would long have fired."""


@dataclass
class Source:
    """This machine's wall clock, which a test may set."""

    set_by: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.set_by


@asynccontextmanager
async def opened(platform: Platform, folder: Path, **settings: Any) -> AsyncIterator[Deadlines]:
    records = load(Path(NORIA["routing"]["WASL_PACK"])).records
    deadlines = Deadlines(await open_bench(platform, folder, "deadlines", "2026-01-01T00:00:00Z", records, replica=None, **settings))
    try:
        yield deadlines
    finally:
        await deadlines.bench.node.stop()


@pytest.fixture
async def intake(broker_and_database: Platform) -> AsyncIterator[Node]:
    node = node_on(broker_and_database, await fresh_store(broker_and_database, "intake"), Spec("intake", ()))
    await node.start()
    await _until(node, lambda: _holds(node.recovered and node.relay is not None))
    yield node
    await node.stop()


@pytest.mark.timeout(120)
async def test_a_clock_that_is_set_fires_nothing_until_it_is_believed_again(
    broker_and_database: Platform, intake: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: Trial
) -> None:
    source, jumps = Source(), metrics.CLOCK_JUMPED._value.get()
    monkeypatch.setattr("shared.messaging.node.parse_clock", lambda text: RealClock(source))
    async with opened(broker_and_database, tmp_path, grace_seconds=0, real_grace_seconds=0.3, clock_agreed_seconds=AGREED) as deadlines:
        node = deadlines.bench.node
        await _within_the_hour(deadlines)
        await node.start()
        await _until(node, lambda: _holds(node.readiness.ready))
        soon, late, later = [_filed(minutes) for minutes in (-30, -90, -150)]
        await file(intake, soon)
        await _until(node, lambda: _due(deadlines, soon))

        source.set_by = 3600  # past the due time of `soon`, which is half an hour ahead
        await _until(node, lambda: _holds("clock" in node.readiness.reasons))
        assert "clock_jumped by +3600 s" in node.readiness.reasons["clock"]
        await file(intake, late)
        await _until(node, lambda: _due(deadlines, late))
        await asyncio.sleep(HELD)
        assert await _breached(deadlines, soon, late) == []
        source.set_by = 0
        await _until(node, lambda: _breached(deadlines, late))
        assert (await _breached(deadlines, soon), node.readiness.ready) == ([], True)

        source.set_by = -3600  # `later` is due since an hour and a half, and still since half an hour
        await _until(node, lambda: _holds("clock" in node.readiness.reasons))
        await file(intake, later)
        await _until(node, lambda: _due(deadlines, later))
        await asyncio.sleep(AGREED + HELD)
        assert await _breached(deadlines, later) == []
        await confirm_clock(node, "")
        await _until(node, lambda: _breached(deadlines, later))
        await _until(node, lambda: _outbox_empty(deadlines))
    told = await _told(broker_and_database, {soon.id, late.id, later.id})
    assert Counter(fact.complaint.id for _, fact in told) == {late.id: 1, later.id: 1}
    assert metrics.CLOCK_JUMPED._value.get() == jumps + 3
    trial.effective("a clock that was set an hour on, back, and an hour back", 3)


RAMADAN = {
    # Africa/Casablanca leaves UTC+1 on 15 February 2026 at 03:00 and comes back on 22 March at 02:00 (tz database).
    # 60 days from 16 December: 15 left in it, 31 in January, so the last is 14 February; it ends at 24:00, still at UTC+1.
    "2025-12-16": "2026-02-14T23:00:00Z",
    # The last is 15 February, a day of 25 hours, which ends at UTC.
    "2025-12-17": "2026-02-16T00:00:00Z",
    # 60 days from 20 January: 11 left in it, 28 in February, so the last is 21 March; it ends at UTC.
    "2026-01-20": "2026-03-22T00:00:00Z",
    # The last is 22 March, a day of 23 hours, which ends at UTC+1.
    "2026-01-21": "2026-03-22T23:00:00Z",
}
WALKS = (("2026-02-14T20:00:00Z", "2026-02-16T03:00:00Z"), ("2026-03-21T20:00:00Z", "2026-03-23T03:00:00Z"))


async def test_the_season_in_which_the_hour_changes(broker_and_database: Platform, tmp_path: Path, trial: Trial) -> None:
    async with opened(broker_and_database, tmp_path) as deadlines:
        known = (await deadlines.bench.node.directory()).records["calendar/noria"]
        assert isinstance(known, CalendarRecord)
        calendar = known.calendar.model_copy(update={"version": 2, "time_zone": "Africa/Casablanca"})
        await deadlines.learn(known.model_copy(update={"version": 2, "calendar": calendar}))
        due = {}
        for day, instant in RAMADAN.items():
            filed = await deadlines.file(header(filed=f"{day}T10:00:00Z"))
            await deadlines.routed(filed, 1, case(qualified_at=f"{day}T12:00:00Z"))
            due[filed.id] = instant
        await deadlines.bench.take_outbox()
        found = []
        for start, end in WALKS:
            now = at(start)
            while now <= at(end):
                await deadlines.pass_time(now.isoformat())
                told = await deadlines.bench.take_outbox()
                found += [(body.complaint.id, now.strftime("%FT%TZ")) for name, body in told if name == "deadline-breached"]
                now += HOUR / 2
        assert found == list(due.items())
    trial.effective("two changes of the hour", 2)


SPEED = 86_400
DAYS = 8
COMPLAINTS = 96


@pytest.mark.timeout(120)
async def test_sixty_days_in_a_minute(broker_and_database: Platform, intake: Node, tmp_path: Path, trial: Trial) -> None:
    epoch, started = datetime(2027, 3, 1, tzinfo=UTC), time.time()
    clock = f"sim:{epoch.isoformat()},{started},{SPEED}"
    async with opened(broker_and_database, tmp_path, clock=clock, real_grace_seconds=0.3) as deadlines:
        node = deadlines.bench.node
        # Due on the second to the eighth day from now, some before they are heard of.
        filed = [header(filed=(epoch - timedelta(days=60 - 2 - n % (DAYS - 2), hours=n % 24)).isoformat()) for n in range(COMPLAINTS)]
        await asyncio.gather(*(file(intake, one) for one in filed))
        await node.start()
        await _until(node, lambda: _all_breached(deadlines, filed))
        await _until(node, lambda: _outbox_empty(deadlines))
    told = await _told(broker_and_database, {one.id for one in filed})
    each = {(one.id, code): 1 for one in filed for code in ("qualify", "answer")}
    assert Counter((fact.complaint.id, fact.change.reason) for _, fact in told) == each
    for raw, fact in told:
        (clock_state,) = [state for state in fact.clocks if state.code == fact.change.reason]
        assert clock_state.due_at
        assert clock_state.breached_at
        assert clock_state.breached_at >= clock_state.due_at + timedelta(minutes=15)
        assert raw.timestamp_ms / 1000 >= started + (clock_state.due_at - epoch).total_seconds() / SPEED
    trial.effective(f"{COMPLAINTS} complaints at {SPEED} times the speed of time")


async def _within_the_hour(deadlines: Deadlines) -> None:
    """A law under which an answer is due after an hour, as no law of a whole country would have it."""
    law = (await deadlines.bench.node.directory()).records["procedure/complaint@1"]
    assert isinstance(law, ProcedureRecord)
    data = law.procedure.model_dump(mode="json", by_alias=True)
    answer, supply = [clock for clock in data["clocks"] if clock["code"] in ("answer", "supply")]
    data |= {"version": 7, "clocks": [answer | {"span": {"n": 1, "unit": "hours"}, "alerts": []}, supply]}
    await deadlines.learn(ProcedureRecord.model_validate(law.model_dump(mode="json", by_alias=True) | {"version": 1, "procedure": data}))


def _filed(minutes: int) -> Header:
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    return header("complaint@7", filed=now.isoformat(timespec="milliseconds"))


async def _holds(condition: bool) -> bool:
    return condition


async def _due(deadlines: Deadlines, of: Header) -> bool:
    clocks = await deadlines.clocks(of)
    return "answer" in clocks and clocks["answer"].due_at == of.filed_at + HOUR


async def _breached(deadlines: Deadlines, *of: Header) -> list[UUID]:
    return [one.id for one in of if (await deadlines.clocks(one))["answer"].breached_at]


async def _all_breached(deadlines: Deadlines, of: Sequence[Header]) -> bool:
    # The log holds other tests' complaints too.
    own = {"ids": [one.id for one in of]}
    among = "where complaint_id = any(:ids) and"
    done = await deadlines.bench.execute(f'select count(*) from register {among} deadlines @> \'[{{"code": "answer"}}]\'', **own)
    left = await deadlines.bench.execute(f"select count(*) from clock {among} breach_at is not null", **own)
    return bool(done[0][0] >= len(of) and left[0][0] == 0)


async def _outbox_empty(deadlines: Deadlines) -> bool:
    return await deadlines.bench.execute("select 1 from outbox limit 1") == []


async def _told(platform: Platform, ids: set[UUID]) -> list[tuple[RawRecord, DeadlinesFact]]:
    """The breaches on the topic."""
    found = []
    async with observing(node_on(platform, "none", Spec("stats", ())).login) as log:
        async for batch in log.stretch(dict.fromkeys(await log.places([DEADLINES]), 0)):
            for raw in batch:
                body = decode(raw).body
                if isinstance(body, DeadlinesFact) and body.complaint.id in ids and b"breached" in (dict(raw.headers)["ce_type"] or b""):
                    found.append((raw, body))
    return found


async def _until(node: Node, condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            assert node.failed is None, node.failed
            await asyncio.sleep(0.05)
