"""Acts that may be sent again: under one key a thing is done once, and every repetition gets the first answer, for 72 hours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.routing.work import key_store
from shared.messaging import tasks
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.errors import Problem

T = TypeVar("T", bound=BaseModel)


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
    if not await key_store.claim(tx.conn, key.id, key.digest):
        digest, answer = await key_store.given(tx.conn, key.id)
        if digest != key.digest:
            detail = "This Idempotency-Key was used for another request: make a new key for a new act."
            raise Problem(409, "idempotency-key-reused", detail, field="idempotency-key")
        return shape.model_validate_json(answer)
    done = await act(tx)
    await key_store.keep(tx.conn, key.id, done.answer.model_dump_json(by_alias=True), done.about)
    return done.answer


async def forget_expired_keys(node: Node) -> None:
    await tasks.forget_expired(node, key_store.forget_expired)
