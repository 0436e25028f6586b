"""Hundreds of thousands of open complaints in deadlines' store, as it would have them: made once a day of filing, then multiplied."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from services.deadlines.domain import Timed, clocks_of, settled
from services.deadlines.passing import alert_at, breach_at, passed
from shared.contracts.complaint import Header
from shared.contracts.directory import Directory, DirectoryRecord
from shared.contracts.events import Cause, DeadlinesFact
from shared.contracts.registry import DEADLINES
from shared.contracts.states import Case, Custody, Filing
from shared.messaging.murmur import partition_of
from shared.messaging.records import fact_record

_TEMPLATES = """create temp table template (day int, id text, reference text, header text, intake jsonb, routing jsonb, deadlines jsonb,
    version int, calendar text, calendar_version int, breach_at timestamptz, alert_at timestamptz, headers text, fact text)"""
_NEW = "create temp table new (id uuid, n int, partition int, day int)"
_REGISTER = """
    insert into register (complaint_id, partition, reference, header, intake, intake_version, routing, routing_version,
                          deadlines, deadlines_version)
    select n.id, n.partition, 'STRM-' || n.n, replace(replace(t.header, t.id, n.id::text), t.reference, 'STRM-' || n.n)::jsonb,
           t.intake, 1, t.routing, 1, t.deadlines, t.version
    from new n join template t using (day)"""
_PUBLISHED = f"""
    insert into published (complaint_id, topic, version, headers, value)
    select n.id, '{DEADLINES}', t.version, replace(t.headers, t.id, n.id::text)::jsonb,
           convert_to(replace(replace(t.fact, t.id, n.id::text), t.reference, 'STRM-' || n.n), 'utf8')
    from new n join template t using (day)"""
_CLOCK = """
    insert into clock (complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at)
    select n.id, 'answer', n.partition, null, t.calendar, t.calendar_version, t.breach_at, t.alert_at
    from new n join template t using (day)"""


async def directory_of(store: asyncpg.Connection) -> Directory:
    return Directory(DirectoryRecord.model_validate_json(row[0]) for row in await store.fetch("select value::text from directory_record"))


async def fill(
    store: asyncpg.Connection, now: datetime, filed: Sequence[datetime], count: int, *, whole: bool = False
) -> tuple[list[UUID], datetime]:
    """So many complaints, spread evenly over these times of filing, with a body and on the way; what was due by now was told.

    whole: with what a complaint that something happens to needs, beside its clock: its own partition, the last fact told. Returns
    their ids, and when the first of them is due. `store` is a superuser's connection.
    """
    known = await directory_of(store)
    made = [_template(day, at, now, known) for day, at in enumerate(filed)]
    (first,) = await store.fetch("select coalesce(max(substr(reference, 6)::int), 0) from register where reference like 'STRM-%'")
    ids = [uuid4() for _ in range(count)]
    async with store.transaction():
        for statement in ("set local session_replication_role = replica", _TEMPLATES, _NEW):
            await store.execute(statement)
        await store.copy_records_to_table("template", records=[row for row, _ in made])
        rows = ((id, first[0] + 1 + n, partition_of(str(id)) if whole else n % 12, n % len(filed)) for n, id in enumerate(ids))
        await store.copy_records_to_table("new", records=rows)
        for statement in (_REGISTER, *([_PUBLISHED] if whole else []), _CLOCK, "drop table template, new"):
            await store.execute(statement)
    await store.execute("analyze register, clock, published")
    return ids, min(due for _, due in made)


def _template(day: int, filed_at: datetime, now: datetime, directory: Directory) -> tuple[tuple[object, ...], datetime]:
    header = Header(
        id=uuid4(),
        reference=f"TMPL-{day}-",
        procedure="complaint@1",
        filed_at=filed_at,
        recorded_at=filed_at,
        channel="web",
        territory="010010101",
    )
    filing = Filing(language="fr")
    taken = filed_at + timedelta(hours=1)
    custody = (Custody(body="water-office", since=filed_at),)
    case = Case(status="with_body", kind="complaint", body="water-office", custody=custody, qualified_at=taken, taken_up_at=taken)
    clocks = settled(None, clocks_of(header, filing, case, directory) or (), now)
    clocks, version = warned(clocks, now)
    (answer,) = [clock for clock in clocks if clock.rule.code == "answer"]
    states = tuple(clock.state for clock in clocks)
    fact = DeadlinesFact(complaint=header, version=version, change=Cause(by="law"), clocks=states)
    record = fact_record(DEADLINES, "deadlines", "deadline-set", header, fact, now, None)
    told = json.dumps([state.model_dump(mode="json", by_alias=True) for state in states])
    due = breach_at(answer)
    assert due
    return (
        *(day, str(header.id), header.reference, header.model_dump_json(), filing.model_dump_json(), case.model_dump_json(), told, version),
        *("noria", answer.state.calendar_version, due, alert_at(answer)),
        *(json.dumps(record.headers), (record.value or b"").decode()),
    ), due


def warned(clocks: Iterable[Timed], now: datetime) -> tuple[tuple[Timed, ...], int]:
    """Clocks after all warnings up to now; and the version of the fact that told the last of them."""
    done, version = [], 1
    for clock in clocks:
        for fired in passed(clock, now, now):
            clock, version = replace(clock, state=fired.clock), version + 1
        done.append(clock)
    return tuple(done), version
