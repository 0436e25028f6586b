"""All SQL of deadlines."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.deadlines.models import RESTORED, UNKNOWN, ClockRow
from shared.contracts.directory import Directory
from shared.runtime.db import quick, quick_values

_ADVISORY = 0x434C4F43
_SWEEP = -1
_COLUMNS = [field.name for field in fields(ClockRow)]
_CLAIM = text("select pg_try_advisory_xact_lock(:class, :partition)")
_REPLACE = text("""
    with given as (
        select * from unnest(cast(:complaint_id as uuid[]), cast(:code as text[]), cast(:partition as int[]), cast(:procedure as text[]),
                             cast(:calendar as text[]), cast(:calendar_version as int[]), cast(:breach_at as timestamptz[]),
                             cast(:alert_at as timestamptz[]))
          as u (complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at)
    ), gone as (
        delete from clock c where c.complaint_id = any(cast(:ids as uuid[]))
          and not exists (select from given u where u.complaint_id = c.complaint_id and u.code = c.code)
    )
    insert into clock as c (complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at)
    select * from given order by complaint_id, code
    on conflict (complaint_id, code) do update
      set procedure = excluded.procedure, calendar = excluded.calendar, calendar_version = excluded.calendar_version,
          breach_at = excluded.breach_at, alert_at = excluded.alert_at
      where (c.procedure, c.calendar, c.calendar_version, c.breach_at, c.alert_at)
            is distinct from (excluded.procedure, excluded.calendar, excluded.calendar_version, excluded.breach_at, excluded.alert_at)""")
_RIPE = text("""
    select u.partition from unnest(cast(:partitions as int[]), cast(:until as timestamptz[])) as u (partition, until)
    where exists (select from clock c where c.partition = u.partition and c.fires_at <= u.until)""")
_DUE = text("""
    select complaint_id from clock where partition = :partition and fires_at <= :until
    group by complaint_id order by min(fires_at), complaint_id limit :most""")
_LOCK = text("""
    select complaint_id, partition, reference, header->>'procedure', cast(header->>'recorded_at' as timestamptz),
           header::text, deadlines::text, deadlines_version from register
    where complaint_id = any(cast(:ids as uuid[])) order by complaint_id for update""")
_RIPE_ROWS = text("""
    select complaint_id, code, partition, procedure, calendar, calendar_version, breach_at, alert_at from clock
    where complaint_id = any(cast(:ids as uuid[])) and fires_at <= :until order by complaint_id, code""")
_MOVE = text("""
    update clock c set breach_at = u.breach_at, alert_at = u.alert_at
    from unnest(cast(:id as uuid[]), cast(:code as text[]), cast(:breach_at as timestamptz[]), cast(:alert_at as timestamptz[]))
      as u (id, code, breach_at, alert_at)
    where c.complaint_id = u.id and c.code = u.code""")
_STALE = text("""
    select distinct complaint_id from (
        (select c.complaint_id from unnest(cast(:calendars as text[]), cast(:versions as int[])) as u (calendar, version)
         join clock c on c.calendar = u.calendar and c.calendar_version < u.version limit :most)
        union all
        (select complaint_id from clock where procedure = any(cast(:procedures as text[])) limit :most)) as stale
    limit :most""")
_RESTORED = text("select complaint_id from clock where complaint_id = any(cast(:ids as uuid[])) and calendar = :code")
_ALL_RESTORED = text("select complaint_id from clock where calendar = :code order by complaint_id limit :most")
_COUNTED_ON = text("""
    select distinct complaint_id from clock where calendar = :code and (cast(:after as uuid) is null or complaint_id > :after)
    order by complaint_id limit :most""")
_FIGURES = text("select count(*) as clocks, min(breach_at) as oldest from clock where procedure is null")

_CONFIRMED = "clock-confirmed"
_TIMES = text("""
    select extract(epoch from clock_timestamp())::float8 as now,
           (select value::float8 from store_stamp where key = :key) as confirmed""")
_CONFIRM = text("""
    insert into store_stamp (key, value) values (:key, extract(epoch from clock_timestamp())::text)
    on conflict (key) do update set value = excluded.value""")


@dataclass(frozen=True)
class Ripe:
    """A complaint on which time has something to do: the rows that are due, and what was last told of it, as it is stored (JSON)."""

    rows: Sequence[ClockRow]
    complaint_id: UUID
    partition: int
    reference: str
    procedure: str
    recorded_at: datetime
    header: str
    deadlines: str | None
    version: int


async def replace(conn: AsyncConnection, ids: Collection[UUID], rows: Sequence[ClockRow]) -> None:
    """Puts rows in place of all that these complaints had; one that says the same stays untouched. Their registers' rows must be locked."""
    await quick(conn, _REPLACE, {"ids": list(ids), **{name: [getattr(row, name) for row in rows] for name in _COLUMNS}})


async def claim(conn: AsyncConnection, partition: int = _SWEEP) -> bool:
    """Whether this transaction is the only one that fires on a partition, or (none named) that sweeps. Never waits."""
    return (await quick_values(conn, _CLAIM, {"class": _ADVISORY, "partition": partition})) == [True]


async def ripe(conn: AsyncConnection, until: Mapping[int, datetime]) -> list[int]:
    """The partitions on which time has something to do, each up to its own instant."""
    return sorted(await quick_values(conn, _RIPE, {"partitions": list(until), "until": list(until.values())}))


async def due(conn: AsyncConnection, partition: int, until: datetime, most: int) -> list[UUID]:
    """Complaints on which time has something to do, longest due first, each once."""
    return await quick_values(conn, _DUE, {"partition": partition, "until": until, "most": most})


async def lock_ripe(conn: AsyncConnection, ids: Sequence[UUID], until: datetime) -> list[Ripe]:
    """These complaints with what is due of them by now, locked in complaint-id order; what was due before the lock may not be any more."""
    known = await quick(conn, _LOCK, {"ids": list(ids)})
    rows: dict[UUID, list[ClockRow]] = {id: [] for id in ids}
    # A statement of its own: it sees what was committed before the locks were had.
    for row in await quick(conn, _RIPE_ROWS, {"ids": list(ids), "until": until}):
        rows[row[0]].append(ClockRow(*row))
    return [Ripe(rows[told[0]], *told) for told in known]


async def move(conn: AsyncConnection, rows: Sequence[ClockRow]) -> None:
    """Says of clocks when time acts on them next. Their registers' rows must be locked."""
    if rows:
        columns = {name: [getattr(row, name) for row in rows] for name in ("code", "breach_at", "alert_at")}
        await quick(conn, _MOVE, {"id": [row.complaint_id for row in rows], **columns})


async def stale(conn: AsyncConnection, directory: Directory, most: int) -> list[UUID]:
    """Complaints counted on an older calendar than the directory's, or without a procedure that it has by now."""
    versions = {code: calendar.version for code, calendar in directory.calendars.items()} | ({UNKNOWN: 1} if directory.pack else {})
    given = {
        "calendars": list(versions),
        "versions": list(versions.values()),
        "procedures": [law.ref for law in directory.procedures.values()],
    }
    return sorted((await conn.execute(_STALE, given | {"most": most})).scalars())


async def restored(conn: AsyncConnection, ids: Sequence[UUID]) -> list[UUID]:
    """Of these complaints those that were taken back from the log, and wait until all is read."""
    return await quick_values(conn, _RESTORED, {"ids": list(ids), "code": RESTORED}) if ids else []


async def all_restored(conn: AsyncConnection, most: int) -> list[UUID]:
    return list((await conn.execute(_ALL_RESTORED, {"code": RESTORED, "most": most})).scalars())


async def counted_on(conn: AsyncConnection, code: str, after: UUID | None, most: int) -> list[UUID]:
    """Complaints with a clock that is counted on this calendar and may still move, in id order after `after`."""
    return list((await conn.execute(_COUNTED_ON, {"code": code, "after": after, "most": most})).scalars())


async def figures(conn: AsyncConnection) -> tuple[int, datetime | None]:
    """How many clocks are open, and the earliest due time of those that are not breached."""
    row = (await conn.execute(_FIGURES)).one()
    return row.clocks, row.oldest


async def times(conn: AsyncConnection) -> tuple[float, float | None]:
    """The database's time, and when an operator last vouched for the clocks of this service's machines; both in unix seconds."""
    row = (await conn.execute(_TIMES, {"key": _CONFIRMED})).one()
    return row.now, row.confirmed


async def confirm_clock(conn: AsyncConnection) -> None:
    await conn.execute(_CONFIRM, {"key": _CONFIRMED})
