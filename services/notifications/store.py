"""All SQL of notifications. The ledger's rows are locked in order of id, after the complaints' rows and before the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.models import SENT, Claimed, Filer, Listed, Outcome
from services.notifications.notice import Entry, Intent, notice_id
from shared.contracts.notices import NoticeSent
from shared.contracts.registry import CONTACTS
from shared.runtime.db import quick, quick_values

_LEDGER = text("""
    select n, complaint_id, code, subject, audience, state, coalesce(reason, '') = 'superseded', params::text
    from notices where complaint_id = any(cast(:ids as uuid[])) order by id for update""")

_WRITE = text("""
    insert into notices as n (id, complaint_id, code, subject, audience, state, reason, params, next_at, not_after)
    select u.id, u.complaint_id, u.code, u.subject, u.audience,
           case when u.left_s > 0 then u.state else 'skipped' end, case when u.left_s <= 0 then 'too-old' end,
           u.params::jsonb, clock_timestamp() + make_interval(secs => u.wait_s), clock_timestamp() + make_interval(secs => u.left_s)
    from unnest(cast(:id as uuid[]), cast(:complaint_id as uuid[]), cast(:code as text[]), cast(:subject as text[]),
                cast(:audience as text[]), cast(:state as text[]), cast(:params as text[]),
                cast(:wait_s as float8[]), cast(:left_s as float8[]))
      with ordinality as u (id, complaint_id, code, subject, audience, state, params, wait_s, left_s, place)
    order by u.place
    on conflict (id) do update set
        params = case when n.attempts = 0 or n.params is null then excluded.params else n.params end,
        state = case when n.reason = 'superseded' then excluded.state when n.state = 'held' then excluded.state else n.state end,
        reason = case when n.reason = 'superseded' then excluded.reason else n.reason end,
        next_at = case when n.reason = 'superseded' or (n.state = 'held' and excluded.state <> 'held') then excluded.next_at
                       else n.next_at end
    where n.state in ('held', 'pending') or n.reason = 'superseded' or n.params is null""")

_DROP = text("""
    update notices set state = 'skipped', reason = :reason
    where id = any(cast(:ids as uuid[])) and state in ('held', 'pending')""")

_UNKNOWN = text("""
    select u.id from unnest(cast(:ids as uuid[])) as u (id)
    where not exists (select from notices n where n.id = u.id and n.state = 'sent')""")

_TOLD = text("""
    insert into notices as n (id, complaint_id, code, subject, audience, state, channel, sent_at, not_after)
    select u.id, u.complaint_id, u.code, u.subject, u.audience, 'sent', u.channel, u.sent_at, clock_timestamp()
    from unnest(cast(:id as uuid[]), cast(:complaint_id as uuid[]), cast(:code as text[]), cast(:subject as text[]),
                cast(:audience as text[]), cast(:channel as text[]), cast(:sent_at as timestamptz[]))
      as u (id, complaint_id, code, subject, audience, channel, sent_at)
    order by u.id
    on conflict (id) do update set state = 'sent', reason = null, until = null, channel = excluded.channel, sent_at = excluded.sent_at
    where n.state <> 'sent'""")

_WAKE = text("""
    update notices set next_at = clock_timestamp()
    where complaint_id = any(cast(:ids as uuid[])) and audience = 'filer' and state = 'pending' and attempts = 0""")

_HELD = text("""
    select distinct n.complaint_id from notices n join register r using (complaint_id)
    where n.state = 'held' and r.header->>'procedure' = any(cast(:procedures as text[])) order by 1""")

_DUE = text("""
    select n.id, n.complaint_id, coalesce(r.reference, 'body/' || split_part(n.subject, '/', 1)) as reference,
           coalesce(r.header->>'procedure', '') as procedure, coalesce(r.intake->>'language', '') as language,
           n.code, n.subject, n.audience, n.params, n.attempts, n.not_after <= clock_timestamp() as expired,
           extract(epoch from clock_timestamp() - n.created_at)::float8 as waited,
           exists (select from erased e where e.complaint_id = n.complaint_id) as erased,
           p.doc is not null as reachable, p.doc->>'email' as email, p.doc->>'language' as reads
    from notices n left join register r using (complaint_id)
         left join private_document p on p.complaint_id = n.complaint_id and p.topic = :contacts
    where n.state in ('held', 'pending') and n.next_at <= clock_timestamp()
    order by n.next_at limit :limit for update of n skip locked""")
_ABANDONED = text("""
    select distinct complaint_id from notices where state = 'sending' and next_at <= clock_timestamp() order by 1 limit :limit""")
_RELEASE = text("""
    with own as (select id from notices
                 where complaint_id = any(cast(:ids as uuid[])) and state = 'sending' and next_at <= clock_timestamp()
                 order by id for update)
    update notices n set state = 'pending' from own where n.id = own.id returning n.code""")
_HOLD = text("""
    update notices n set state = 'sending', attempts = n.attempts + 1, channel = :channel, language = u.language,
                         next_at = clock_timestamp() + make_interval(secs => :seconds)
    from unnest(cast(:id as uuid[]), cast(:language as text[])) as u (id, language) where n.id = u.id""")
_END = text("""
    update notices n set state = u.state, reason = u.reason
    from unnest(cast(:id as uuid[]), cast(:state as text[]), cast(:reason as text[])) as u (id, state, reason) where n.id = u.id""")
_POSTPONE = text("update notices set next_at = clock_timestamp() + make_interval(secs => :seconds) where id = any(cast(:ids as uuid[]))")
_SETTLE = text("""
    with u as (select * from unnest(cast(:id as uuid[]), cast(:attempts as int[]), cast(:state as text[]), cast(:reason as text[]),
                                    cast(:seconds as float8[])) as u (id, attempts, state, reason, seconds)),
         own as materialized (
             select u.* from u join notices n using (id)
             where n.state <> 'sent' and (u.state = 'sent' or (n.state = 'sending' and n.attempts = u.attempts))
             order by n.id for update of n)
    update notices n set state = own.state, reason = own.reason,
                         channel = case own.state when 'sent' then :channel else n.channel end,
                         sent_at = case own.state when 'sent' then cast(:at as timestamptz) end,
                         next_at = case own.state when 'pending' then clock_timestamp() + make_interval(secs => own.seconds)
                                                  else n.next_at end
    from own where n.id = own.id returning n.id, n.state""")

_PAGE = text("""
    select n, id, code, subject, audience, channel, language, state, reason, sent_at
    from notices where complaint_id = :complaint_id and n > :after order by n limit :limit""")


@dataclass(frozen=True)
class NewNotice:
    """An intent on its way into the ledger. wait_s: seconds until it may be sent; left_s: until it is too old to be sent."""

    complaint_id: UUID
    intent: Intent
    wait_s: float
    left_s: float


async def ledger(conn: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
    """What was decided for these complaints, in that order; the rows stay locked, so that no sender takes one meanwhile."""
    rows = await quick(conn, _LEDGER, {"ids": list(ids)})
    found: dict[UUID, list[Entry]] = {id: [] for id in ids}
    for _, id, code, subject, audience, state, superseded, params in sorted(rows, key=itemgetter(0)):
        found[id].append(Entry(code, subject, audience, state, superseded, from_json(params) if params else None))
    return found


async def write(conn: AsyncConnection, notices: Sequence[NewNotice]) -> None:
    """Inserts; refreshes what waits and was never tried; wakes what was superseded and holds again; leaves the rest alone."""
    if notices:
        await quick(conn, _WRITE, _columns(notices))


async def drop(conn: AsyncConnection, ids: Sequence[UUID], reason: str) -> None:
    """What still waits is not to be sent."""
    if ids:
        await quick(conn, _DROP, {"ids": list(ids), "reason": reason})


async def mark_told(conn: AsyncConnection, told: Sequence[NoticeSent]) -> None:
    """What the log says was sent is not sent again, whatever this store knew: nearly always that, since its own sender told it."""
    newest = {notice.id: notice for notice in told}
    unknown = [newest[id] for id in await quick_values(conn, _UNKNOWN, {"ids": list(newest)})]
    names = ("id", "complaint_id", "code", "subject", "audience", "channel", "sent_at")
    if unknown:
        await quick(conn, _TOLD, {name: [getattr(notice, name) for notice in unknown] for name in names})


async def wake(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    """The filer's address may be known now."""
    if ids:
        await quick(conn, _WAKE, {"ids": list(ids)})


async def held_under(conn: AsyncConnection, procedures: Sequence[str]) -> list[UUID]:
    """Complaints whose receipt waits and that are under one of these procedures, in the order of their locks."""
    return list((await conn.execute(_HELD, {"procedures": list(procedures)})).scalars())


async def due(conn: AsyncConnection, limit: int) -> list[Claimed]:
    """Notices whose time has come, locked. Until `hold` they are nobody's."""
    rows = await quick(conn, _DUE, {"limit": limit, "contacts": CONTACTS})
    return [_claimed(dict(row)) for row in rows]


async def abandoned(conn: AsyncConnection, limit: int) -> list[UUID]:
    """Complaints of notices whose claim ran out: whoever held them never said what became of them."""
    return await quick_values(conn, _ABANDONED, {"limit": limit})


async def release(conn: AsyncConnection, ids: Sequence[UUID]) -> list[str]:
    """These complaints' notices of claims that ran out wait again; returns their codes."""
    return list((await conn.execute(_RELEASE, {"ids": list(ids)})).scalars())


async def hold(conn: AsyncConnection, held: Mapping[UUID, str], channel: str, seconds: float) -> None:
    """These are on their way, in the language named, for so many seconds; then anybody may take them again."""
    if held:
        await quick(conn, _HOLD, {"id": list(held), "language": list(held.values()), "channel": channel, "seconds": seconds})


async def end(conn: AsyncConnection, ended: Sequence[tuple[UUID, str, str]]) -> None:
    """These are not sent: (id, state, reason)."""
    if ended:
        ids, states, reasons = zip(*ended, strict=True)
        await quick(conn, _END, {"id": list(ids), "state": list(states), "reason": list(reasons)})


async def postpone(conn: AsyncConnection, ids: Sequence[UUID], seconds: float) -> None:
    if ids:
        await quick(conn, _POSTPONE, {"ids": list(ids), "seconds": seconds})


async def settle(conn: AsyncConnection, landed: Sequence[Outcome], channel: str, at: datetime) -> set[UUID]:
    """Writes what became of claimed notices; returns those that are sent by it, to be told.

    One that is known as sent is not told again; one that somebody else has taken meanwhile is left to them, unless it was sent.
    """
    columns = {
        "id": [o.notice.id for o in landed],
        "attempts": [o.notice.attempts + 1 for o in landed],
        "state": [o.state for o in landed],
        "reason": [o.reason for o in landed],
        "seconds": [o.seconds for o in landed],
    }
    rows = await quick(conn, _SETTLE, columns | {"channel": channel, "at": at})
    return {row.id for row in rows if row.state == SENT}


async def page(conn: AsyncConnection, complaint_id: UUID, *, after: int, limit: int) -> list[Listed]:
    rows = await conn.execute(_PAGE, {"complaint_id": complaint_id, "after": after, "limit": limit})
    return [Listed(**row) for row in rows.mappings()]


def _columns(notices: Sequence[NewNotice]) -> Mapping[str, list[UUID | str | float | datetime]]:
    return {
        "id": [notice_id(n.complaint_id, n.intent.key) for n in notices],
        "complaint_id": [n.complaint_id for n in notices],
        "code": [n.intent.code for n in notices],
        "subject": [n.intent.subject for n in notices],
        "audience": [n.intent.audience for n in notices],
        "state": ["held" if n.intent.held else "pending" for n in notices],
        "params": [to_json(n.intent.params).decode() for n in notices],
        "wait_s": [n.wait_s for n in notices],
        "left_s": [n.left_s for n in notices],
    }


def _claimed(row: dict[str, Any]) -> Claimed:
    reachable, email, reads = row.pop("reachable"), row.pop("email"), row.pop("reads")
    row["params"] = from_json(row["params"] or "{}")
    return Claimed(**row, filer=Filer(email, reads or "") if reachable else None)
