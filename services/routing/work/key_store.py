"""SQL of the keys under which acts may be sent again."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.db import quick

HOURS = 72
"""For which a key is kept, of machine time."""

# A claim waits for another transaction's open one by itself; an expired one is taken over.
_CLAIM = text(f"""
    insert into decision_key as k (key, digest, expires_at) values (:key, :digest, clock_timestamp() + interval '{HOURS} hours')
    on conflict (key) do update set digest = excluded.digest, answer = null, complaint_id = null, expires_at = excluded.expires_at
    where k.expires_at <= clock_timestamp()
    returning key""")  # noqa: S608
_GIVEN = text("select digest, answer from decision_key where key = :key")
_KEEP = text("update decision_key set answer = :answer, complaint_id = :about where key = :key")
# Materialised: a plan may run a limited subquery once for each row, and each time find others.
_FORGET_EXPIRED = text("""
    with expired as materialized (select key from decision_key where expires_at <= clock_timestamp() limit :most for update skip locked)
    delete from decision_key using expired where decision_key.key = expired.key""")


async def claim(conn: AsyncConnection, key: UUID, digest: bytes) -> bool:
    """False where the key is in use already."""
    return bool(await quick(conn, _CLAIM, {"key": key, "digest": digest}))


async def given(conn: AsyncConnection, key: UUID) -> tuple[bytes, str]:
    """The digest of the request under this key, and its answer."""
    ((digest, answer),) = await quick(conn, _GIVEN, {"key": key})
    return bytes(digest), answer


async def keep(conn: AsyncConnection, key: UUID, answer: str, about: UUID) -> None:
    await quick(conn, _KEEP, {"key": key, "answer": answer, "about": about})


async def forget_expired(conn: AsyncConnection, most: int) -> int:
    """Deletes up to `most` keys that have run out; returns how many."""
    return (await conn.execute(_FORGET_EXPIRED, {"most": most})).rowcount
