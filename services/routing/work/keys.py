"""Acts that may be sent again: under one key a thing is done once, and every repetition gets the first answer, for 72 hours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging import tasks
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem

T = TypeVar("T", bound=BaseModel)

HOURS = 72
"""Of machine time."""

# A claim waits for another transaction's open one by itself; an expired one is taken over.
_CLAIM = text(f"""
    insert into decision_key as k (key, digest, expires_at) values (:key, :digest, clock_timestamp() + interval '{HOURS} hours')
    on conflict (key) do update set digest = excluded.digest, answer = null, complaint_id = null, expires_at = excluded.expires_at
    where k.expires_at <= clock_timestamp()
    returning key""")  # noqa: S608
_GIVEN = text("select digest, answer from decision_key where key = :key")
_KEEP = text("update decision_key set answer = :answer, complaint_id = :about where key = :key")
_FORGET_EXPIRED = text("""
    delete from decision_key where key in (
        select key from decision_key where expires_at <= clock_timestamp() limit :most for update skip locked)""")


@dataclass(frozen=True)
class Key:
    """digest: of the request and of who sent it."""

    id: UUID
    digest: bytes


@dataclass(frozen=True)
class Done(Generic[T]):
    """An answer, and the complaint that it is about."""

    answer: T
    about: UUID


async def once(tx: Tx, key: Key | None, shape: type[T], act: Callable[[Tx], Awaitable[Done[T]]]) -> T:
    """Does it, or gives the answer that was given under this key. Problem 409 idempotency-key-reused."""
    if key is None:
        return (await act(tx)).answer
    if (await tx.conn.execute(_CLAIM, {"key": key.id, "digest": key.digest})).scalar_one_or_none() is None:
        digest, answer = (await tx.conn.execute(_GIVEN, {"key": key.id})).one()
        if bytes(digest) != key.digest:
            detail = "This Idempotency-Key was used for another request: make a new key for a new act."
            raise Problem(409, "idempotency-key-reused", detail, field="idempotency-key")
        return shape.model_validate_json(answer)
    done = await act(tx)
    await tx.conn.execute(_KEEP, {"key": key.id, "answer": done.answer.model_dump_json(by_alias=True), "about": done.about})
    return done.answer


async def forget_expired(conn: AsyncConnection, most: int) -> int:
    """Deletes up to `most` keys that have run out; returns how many."""
    return (await conn.execute(_FORGET_EXPIRED, {"most": most})).rowcount


async def forget_expired_keys(node: Node) -> None:
    await tasks.forget_expired(node, forget_expired)
