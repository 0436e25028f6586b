"""All SQL of the weekly lists."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.weekly.domain import Case, Week
from shared.contracts.states import OPEN

MOST = 100
"""Cases that one list names; the rest are counted."""

_BEGIN = text("insert into weekly_list (week) values (:week) on conflict do nothing returning week")
# Read whole once a week: an index for it would cost every fact.
_CASES = text("""
    with found as (
        select r.complaint_id, r.reference, r.header->>'procedure' as procedure, r.routing->>'body' as body,
               coalesce(r.routing->>'public_service', r.header->>'public_service') as public_service,
               r.routing->>'status' = 'waiting_for_citizen' as waiting, c.code as clock, c.due_at, c.last_day,
               array(select jsonb_array_elements(coalesce(c.alerts, '[]'))->>'code') as alerts,
               row_number() over (partition by r.complaint_id order by c.due_at, c.code) as nth
        from register r
             cross join lateral jsonb_to_recordset(r.deadlines)
                 as c (code text, due_at timestamptz, last_day date, alerts jsonb)
             join unnest(cast(:laws as text[]), cast(:codes as text[])) as rule (law, code)
                 on rule.law = r.header->>'procedure' and rule.code = c.code
        where r.routing->>'status' = any(:open) and r.routing->>'body' is not null
          and r.routing->'restricted' is distinct from 'true' and r.intake->>'withdrawn_at' is null and c.due_at <= :horizon
    ), placed as (
        select *, row_number() over (partition by body order by due_at, reference) as place,
               count(*) over (partition by body) as "all",
               count(*) filter (where due_at <= :at) over (partition by body) as late
        from found where nth = 1)
    select body, reference, procedure, public_service, clock, due_at, last_day, alerts, waiting, "all", late
    from placed where place <= :most order by body, place""")


async def begin(conn: AsyncConnection, week: Week) -> bool:
    """Whether this transaction is the one that decides the lists of this week; another one that is about to is waited for."""
    return (await conn.execute(_BEGIN, {"week": week.code})).first() is not None


async def cases(conn: AsyncConnection, week: Week, clocks: Iterable[tuple[str, str]]) -> list[Case]:
    """Late and soon-due cases by body, longest due first, at most MOST a body; none that is restricted or being withdrawn."""
    named = list(clocks)
    given = {"laws": [law for law, _ in named], "codes": [code for _, code in named], "open": list(OPEN)}
    rows = await conn.execute(_CASES, given | {"horizon": week.horizon, "at": week.at, "most": MOST})
    return [Case(**row) for row in rows.mappings()]
