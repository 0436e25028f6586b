"""A feast that falls otherwise and a day off announced late, with very many open clocks: what was foretold is what then happens."""

import asyncio
import os
import signal
import subprocess
import time
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import TypeAdapter
from sqlalchemy import make_url

from services.deadlines.loop import sweep
from services.deadlines.preview_api import count
from services.notifications.clocks import of_clock
from services.notifications.domain import plan
from services.notifications.notice import FILER, Entry
from shared.contracts.calendars import WEEKDAYS, Calendar
from shared.contracts.complaint import Header
from shared.contracts.directory import CalendarRecord, Directory
from shared.contracts.states import Clocks, ClockState
from shared.messaging import registers
from shared.messaging.murmur import partition_of
from shared.messaging.registers import Registers
from tests.deadlines.slow import SlowClock, SlowSpan, slow_end
from tests.support.stores import Bench, Opener, fact
from tests.support.timed import Deadlines, at, filing, header

FEAST, ANNOUNCED = date(2026, 3, 20), date(2026, 4, 6)
STARTS = [at("2026-02-09T10:00:00Z") + timedelta(days=n) for n in range(50)]
EVENING = "2026-03-19T18:00:00Z"
MANY = 2_000
PROOF = int(os.environ.get("WASL_PROOF_CLOCKS", "100000"))
BATCH = 50
_CLOCKS = TypeAdapter(Clocks)
_MULTIPLIED = (
    """insert into register (complaint_id, partition, reference, header, intake, intake_version, deadlines, deadlines_version)
       select m.id, m.partition, 'MANY-' || m.n,
              replace(replace(r.header::text, m.source::text, m.id::text), r.reference, 'MANY-' || m.n)::jsonb,
              r.intake, r.intake_version, r.deadlines, r.deadlines_version
       from many m join register r on r.complaint_id = m.source""",
    """insert into published (complaint_id, topic, version, headers, value)
       select m.id, p.topic, p.version, replace(p.headers::text, m.source::text, m.id::text)::jsonb,
              convert_to(replace(replace(convert_from(p.value, 'utf8'), m.source::text, m.id::text), r.reference, 'MANY-' || m.n), 'utf8')
       from many m join published p on p.complaint_id = m.source join register r on r.complaint_id = m.source""",
    """insert into clock (complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at)
       select m.id, c.code, m.partition, c.procedure, c.calendar, c.calendar_version, c.breach_at, c.alert_at
       from many m join clock c on c.complaint_id = m.source""",
)


@pytest.mark.timeout(300)
async def test_what_is_foretold_of_two_thousand_clocks_happens(open_store: Opener) -> None:
    await _foretold_and_done(Deadlines(await open_store("deadlines", clock_at=EVENING)), MANY)


@pytest.mark.proof
@pytest.mark.timeout(1800)
async def test_what_is_foretold_of_a_hundred_thousand_clocks_happens(open_store: Opener) -> None:
    await _foretold_and_done(Deadlines(await open_store("deadlines", clock_at=EVENING)), PROOF)


async def _foretold_and_done(deadlines: Deadlines, most: int) -> None:
    bench = deadlines.bench
    began = time.monotonic()
    filed = await _file(deadlines, most)
    _say(f"{most} complaints stored in {time.monotonic() - began:.1f} s")
    before = await _told_before(bench)
    record = (await bench.node.directory()).records["calendar/noria"]
    assert isinstance(record, CalendarRecord)
    changed = _changed(record.calendar)

    began = time.monotonic()
    foretold = await count(bench.node, changed)
    _say(f"preview {time.monotonic() - began:.1f} s: {foretold.later} dates later, {foretold.earlier} earlier")
    way = _ways(record.calendar, changed)
    ways = Counter(way[one.filed_at] for one in filed if one.procedure != "complaint@1")
    assert (foretold.complaints, foretold.later, foretold.earlier) == (most, ways["later"], ways["earlier"])
    assert min(ways["later"], ways["earlier"], ways["same"]) > most / 20
    assert await bench.outbox() == []

    await deadlines.learn(record.model_copy(update={"version": changed.version, "calendar": changed}))
    with bench.beside("sweep_process") as process:
        await _until_begun(bench, process)
        process.send_signal(signal.SIGKILL)
    left = await _left(bench)
    assert left > 0, "it had ended before it was killed"
    began = time.monotonic()
    while await _left(bench):  # the killed process's transaction may still be there, and a second sweep waits for no first
        await sweep(bench.node)
    _say(f"killed with {left} clocks left, which took {time.monotonic() - began:.1f} s")

    told = [(body.complaint.id, name, body.version) for name, body in await bench.take_outbox()]
    assert {(name, version) for _, name, version in told} == {("deadline-set", 2)}
    assert len({id for id, *_ in told}) == len(told) == foretold.later + foretold.earlier
    moved, noticed = await _compared(bench, before, {id for id, *_ in told})
    assert (moved["later"], moved["earlier"], noticed) == (foretold.later, foretold.earlier, foretold.earlier)
    _say(f"every complaint compared: {noticed} filers are told of an earlier date, nobody of a later one")
    assert await sweep(bench.node) == 0


def _say(line: str) -> None:
    print(f"{time.strftime('%X')} {line}", flush=True)


async def _file(deadlines: Deadlines, most: int) -> list[Header]:
    """Each law and time of filing once, as the service has them; then so many times over, as they would be stored."""
    bench, laws = deadlines.bench, ("access-to-information@1", "access-to-information@1", "complaint@1")
    sources = [header(laws[n % 3], STARTS[n % len(STARTS)].isoformat()) for n in range(3 * len(STARTS))]
    await bench.deliver(*(fact("intake", one, 1, filing(coded={"urgent": "no"})) for one in sources))
    await bench.execute("delete from outbox")
    await _multiplied(bench, [(uuid4(), n, sources[n % len(sources)].id) for n in range(len(sources), most)])
    return [sources[n % len(sources)] for n in range(most)]


async def _multiplied(bench: Bench, rows: list[tuple[UUID, int, UUID]]) -> None:
    """As superuser: the service's own role makes no temporary tables."""
    name = make_url(bench.node.settings.database_url).database or ""
    store = await asyncpg.connect(bench.platform.pg_url(name, "postgres", "postgresql"))
    try:
        async with store.transaction():
            await store.execute("create temp table many (id uuid, n int, partition int, source uuid) on commit drop")
            await store.copy_records_to_table("many", records=[(id, n, partition_of(str(id)), source) for id, n, source in rows])
            for statement in _MULTIPLIED:
                await store.execute(statement)
        await store.execute("vacuum analyze register, clock, published")
    finally:
        await store.close()


def _changed(calendar: Calendar) -> Calendar:
    """The second day of the feast is worked, and a Monday of April is off."""
    kept = [day.model_dump() for day in calendar.days_off if day.date != FEAST]
    off = {"date": ANNOUNCED, "label": {"fr": "Jour chômé"}, "kind": "exceptional"}
    return Calendar.model_validate(calendar.model_dump() | {"version": calendar.version + 1, "days_off": [*kept, off]})


def _ways(before: Calendar, after: Calendar) -> dict[datetime, str]:
    """Which way the end of a filing of each time goes, by the model that counts day by day."""
    found = {}
    for start in STARTS:
        old, new = (slow_end(_slow(calendar, start)).last_day for calendar in (before, after))
        found[start] = "same" if old == new else "later" if new > old else "earlier"
    return found


def _slow(calendar: Calendar, start: datetime) -> SlowClock:
    return SlowClock(
        zone=calendar.time_zone,
        weekly_off=frozenset(WEEKDAYS.index(name) for name in calendar.weekly_off),
        days_off=frozenset(day.date for day in calendar.days_off),
        start=start,
        span=SlowSpan(20, "working_days"),
    )


async def _told_before(bench: Bench) -> dict[UUID, str]:
    """The clocks of every complaint, as they are stored."""
    return {
        row.complaint_id: row.deadlines for row in await bench.execute("select complaint_id, deadlines::text as deadlines from register")
    }


async def _compared(bench: Bench, before: dict[UUID, str], told: set[UUID]) -> tuple[Counter[str], int]:
    """Which way the answer's date of those who were told went, and how many filers get a notice of it; the others' are as they were."""
    moved: Counter[str] = Counter()
    noticed, ids, directory = 0, list(before), await bench.node.directory()
    for start in range(0, len(ids), BATCH):
        async with bench.node.read() as conn:
            found = await registers.load(conn, ids[start : start + BATCH], lock=False)
        for id, known in found.items():
            old = _answer(_CLOCKS.validate_json(before[id]))
            new = _answer(known.deadlines or ())
            assert old.due_at
            assert new.due_at
            assert (new != old) == (id in told)
            moved["same" if new.due_at == old.due_at else "earlier" if new.due_at < old.due_at else "later"] += 1
            noticed += _noticed(old, known, directory)
    return moved, noticed


def _answer(clocks: Clocks) -> ClockState:
    (clock,) = [clock for clock in clocks if clock.code == "answer"]
    return clock


def _noticed(before: ClockState, after: Registers, directory: Directory) -> bool:
    """Whether the filer, whose receipt told the old date, is told of another one."""
    receipt = Entry("receipt", "", FILER, "sent", params=of_clock(before))
    return "due-changed" in {intent.code for intent in plan(after, [receipt], directory).write}


async def _until_begun(bench: Bench, process: subprocess.Popen[bytes]) -> None:
    while not (await bench.execute("select exists (select from clock where calendar_version = 2) as begun"))[0].begun:
        assert process.poll() is None, "it ended before it had begun"
        await asyncio.sleep(0.01)


async def _left(bench: Bench) -> int:
    return int((await bench.execute("select count(*) as n from clock where calendar_version = 1"))[0].n)
