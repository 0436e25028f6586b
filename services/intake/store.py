"""All SQL of intake. A complaint's rows are the engine's; these are keys of requests and versions of secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.complaint import Header
from shared.runtime.db import quick, quick_values

FIRST_SECRET = 1

_LOOK_UP = text("""
    select r.complaint_id, coalesce(s.version, :first) from register r left join secret_version s using (complaint_id)
    where r.reference = :reference""")
# A claim waits for another transaction's open one by itself; an expired one is taken over.
_CLAIM = text("""
    insert into idempotency as i (key, digest, complaint_id, at, note, expires_at)
    select u.key, u.digest, u.complaint_id, u.at, u.note, clock_timestamp() + make_interval(hours => :hours)
    from unnest(cast(:key as uuid[]), cast(:digest as bytea[]), cast(:complaint_id as uuid[]), cast(:at as timestamptz[]),
                cast(:note as text[])) as u (key, digest, complaint_id, at, note)
    order by u.key
    on conflict (key) do update set digest = excluded.digest, complaint_id = excluded.complaint_id, at = excluded.at,
                                    note = excluded.note, expires_at = excluded.expires_at
    where i.expires_at <= clock_timestamp()
    returning key""")
_CLAIMED = text("""
    select i.key, i.digest, i.complaint_id, i.at, i.note, r.header from idempotency i join register r using (complaint_id)
    where i.key = any(cast(:keys as uuid[])) and i.expires_at > clock_timestamp()""")
_FORGET = text("delete from idempotency where complaint_id = any(cast(:ids as uuid[]))")
# Materialised: a plan may run a limited subquery once for each row, and each time find others.
_FORGET_EXPIRED = text("""
    with expired as materialized (select key from idempotency where expires_at <= clock_timestamp() limit :most for update skip locked)
    delete from idempotency using expired where idempotency.key = expired.key""")


class Claim(NamedTuple):
    """A key as it is being used: by which request (its digest), for which complaint, at which legal time."""

    key: UUID
    digest: bytes
    complaint_id: UUID
    at: datetime
    note: str | None = None


class Claimed(NamedTuple):
    """A key that was used, and the complaint it was used for."""

    claim: Claim
    header: Header


async def look_up(conn: AsyncConnection, reference: str) -> tuple[UUID, int] | None:
    """The complaint's id and the version of its secret that opens it now."""
    found = await quick(conn, _LOOK_UP, {"reference": reference, "first": FIRST_SECRET})
    return (found[0][0], found[0][1]) if found else None


async def claim(conn: AsyncConnection, claims: Sequence[Claim], hours: int) -> set[UUID]:
    """Takes keys for this transaction; returns those that were free. Waits where another transaction holds one."""
    columns = dict(zip(Claim._fields, zip(*claims, strict=True), strict=True))
    return set(await quick_values(conn, _CLAIM, {**columns, "hours": hours}))


async def claimed(conn: AsyncConnection, keys: Sequence[UUID]) -> dict[UUID, Claimed]:
    """What these keys were used for; an expired or unknown one is left out."""
    rows = await quick(conn, _CLAIMED, {"keys": list(keys)})
    return {row.key: Claimed(Claim(*row[:5]), Header.model_validate_json(row.header)) for row in rows}


async def forget(conn: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Deletes the keys of erased complaints: a digest is made from what the person wrote."""
    await conn.execute(_FORGET, {"ids": list(ids)})


async def forget_expired(conn: AsyncConnection, most: int) -> int:
    """Deletes up to `most` expired keys; returns how many."""
    return (await conn.execute(_FORGET_EXPIRED, {"most": most})).rowcount
