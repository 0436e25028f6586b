"""All SQL of routing's own tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.directory.domain import Rule
from services.routing.filters import Filter
from services.routing.models import COLUMNS, Audited, CaseRow, Counts, Entry, Queued
from shared.runtime.db import quick

_RULES = TypeAdapter(tuple[Rule, ...])
_NAMES = ", ".join(COLUMNS)
OF_CASES = ", ".join(f"c.{name}" for name in COLUMNS)
# Who works on a case counts only while it is with the body at which they were named.
WORKING = "left join desk_assignee a on a.complaint_id = c.complaint_id and a.body is not distinct from c.body"
QUEUE = f"desk_case c {WORKING}"
# Each list is planned for its own filters: what is best for a small desk is not for the national one.
FOR_ITSELF = text("select set_config('plan_cache_mode', 'force_custom_plan', true)")

_ANEW = "on conflict (complaint_id) do update set " + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
_PUT_CASES = text(f"""
    insert into desk_case as c ({_NAMES})
    select {_NAMES} from unnest({", ".join(f"cast(:{name} as {type}[])" for name, type in COLUMNS.items())}) as u ({_NAMES})
    order by complaint_id {_ANEW}
    where ({", ".join(f"c.{name}" for name in COLUMNS)}) is distinct from ({", ".join(f"excluded.{name}" for name in COLUMNS)})""")  # noqa: S608
_NOTED = f"""
    insert into audit ({", ".join(Entry._fields)}) values ({", ".join(f":note_{name}" for name in Entry._fields)})"""  # noqa: S608
_NOTE = text(_NOTED)
_PUT_DECIDED = text(f"""
    with noted as ({_NOTED})
    insert into desk_case ({_NAMES}) values ({", ".join(f":{name}" for name in COLUMNS)}) {_ANEW}""")  # noqa: S608
_AUDIT = text("""
    select id, at, sub, role, body, cast(:reference as text) as reference, action from audit
    where (reference = :reference or shown @> array[cast(:reference as text)]) and id > :after order by id limit :limit""")
_PUT_RULES = text("""
    insert into rule_set (country, version, sha256, rules) values (:country, :version, :sha256, cast(:rules as jsonb))
    on conflict do nothing""")
_ONE_LOADER = text("select pg_advisory_xact_lock(hashtext('wasl.pack'))")
_UNDECIDED = text("""
    select complaint_id from register where intake_version > 0 and routing_version = 0
    and (cast(:after as uuid) is null or complaint_id > :after) order by complaint_id limit :limit""")
_HELD = text("""
    select complaint_id from desk_case where body = any(cast(:bodies as text[])) and status = any(cast(:statuses as text[]))
    and (cast(:after as uuid) is null or complaint_id > :after) order by complaint_id limit :limit""")

# One round trip for all that may name a filer or hold their words beside their papers.
_FORGET = text("""
    with notes as (delete from desk_note where complaint_id = any(cast(:ids as uuid[]))),
         drafts as (delete from desk_draft where complaint_id = any(cast(:ids as uuid[]))),
         search as (delete from desk_search where complaint_id = any(cast(:ids as uuid[])))
    delete from decision_key where complaint_id = any(cast(:ids as uuid[]))""")

SORTS = {"due": "coalesce(c.due_at, 'infinity'::timestamptz)", "filed": "c.filed_at"}


@dataclass(frozen=True)
class Place:
    """Where a page ended: the sort value of its last row (None: without a due date) and its id."""

    at: datetime | None
    id: UUID


async def put_cases(conn: AsyncConnection, rows: Sequence[CaseRow]) -> None:
    """Writes these rows, one statement for all; at most one a complaint. A row that has not changed is not written."""
    if rows:
        await quick(conn, _PUT_CASES, {name: [getattr(row, name) for row in rows] for name in COLUMNS})


async def put_decided(conn: AsyncConnection, row: CaseRow, entry: Entry) -> None:
    """As put_cases and note, of a case about which was just decided."""
    await quick(conn, _PUT_DECIDED, row._asdict() | _note(entry))


async def forget(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Of erased filers: notes, drafts, what they are found by, and answers kept under keys; safe to repeat."""
    if ids:
        await quick(conn, _FORGET, {"ids": list(ids)})


async def cases(conn: AsyncConnection, sort: str, limit: int, wanted: Filter, after: Place | None) -> list[Queued]:
    """The next rows in the order of `sort`, those without a due date last."""
    where, given = wanted.where()
    if after:
        where += f" and ({SORTS[sort]}, c.complaint_id) > (coalesce(cast(:after_at as timestamptz), 'infinity'), cast(:after_id as uuid))"
        given |= {"after_at": after.at, "after_id": after.id}
    await conn.execute(FOR_ITSELF)
    columns = f"{OF_CASES}, a.sub, a.unit"
    query = f"select {columns} from {QUEUE} where {where} order by {SORTS[sort]}, c.complaint_id limit :limit"  # noqa: S608
    rows = (await conn.execute(text(query), given | {"limit": limit})).all()
    return [Queued(CaseRow(*row[: len(COLUMNS)]), *row[len(COLUMNS) :]) for row in rows]


async def counts(conn: AsyncConnection, wanted: Filter, now: datetime, mine: Sequence[str], unit: str | None) -> Counts:
    """How many cases there are of each kind that a desk asks for, in one reading."""
    where, given = wanted.where()
    await conn.execute(FOR_ITSELF)
    query = f"""
        select count(*) filter (where c.status = 'triage'), count(*) filter (where c.status = 'with_body'),
          count(*) filter (where c.status = 'waiting_for_citizen'), count(*) filter (where c.due_at <= :now),
          count(*) filter (where a.complaint_id is null), count(*) filter (where a.sub = any(cast(:mine as text[]))),
          count(*) filter (where a.unit = cast(:my_unit as text))
        from {QUEUE} where {where}"""  # noqa: S608
    return Counts(*(await conn.execute(text(query), given | {"now": now, "mine": list(mine), "my_unit": unit})).one())


async def note(conn: AsyncConnection, entry: Entry) -> None:
    """Adds to the audit; nothing is ever taken from it."""
    await quick(conn, _NOTE, _note(entry))


async def audit(conn: AsyncConnection, reference: str, after: int, limit: int) -> list[Audited]:
    """Entries about one complaint, oldest first, after the one with the id `after`."""
    rows = await conn.execute(_AUDIT, {"reference": reference, "after": after, "limit": limit})
    return [Audited(id, Entry(*entry)) for id, *entry in rows]


async def put_rules(conn: AsyncConnection, country: str, version: int, sha256: str, rules: tuple[Rule, ...]) -> None:
    """Stores the rules of a pack's version beside the earlier ones, by which a decision can still be explained."""
    given = {"country": country, "version": version, "sha256": sha256, "rules": _RULES.dump_json(rules).decode()}
    await conn.execute(_PUT_RULES, given)


async def one_loader(conn: AsyncConnection) -> None:
    """Of two replicas that load a pack at once, the second waits for the first, then finds it loaded."""
    await conn.execute(_ONE_LOADER)


async def undecided(conn: AsyncConnection, after: UUID | None, limit: int) -> list[UUID]:
    """Complaints that have been filed and not routed, in id order after `after`."""
    return list((await conn.execute(_UNDECIDED, {"after": after, "limit": limit})).scalars())


async def held_by(conn: AsyncConnection, bodies: Iterable[str], statuses: Iterable[str], after: UUID | None, limit: int) -> list[UUID]:
    """Complaints in one of these statuses that are with one of these bodies, in id order after `after`."""
    given = {"bodies": sorted(bodies), "statuses": list(statuses), "after": after, "limit": limit}
    return list((await conn.execute(_HELD, given)).scalars())


def _note(entry: Entry) -> dict[str, object]:
    return {f"note_{name}": value for name, value in zip(Entry._fields, entry, strict=True)}
