"""Filing: one transaction for a group of complaints, each with its papers, contacts, key and first fact, or none of it."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from services.intake import store
from services.intake.domain import Draft
from services.intake.store import Claim, Claimed
from shared.contracts.complaint import Header
from shared.contracts.registry import CONTACTS, PAPERS
from shared.messaging.murmur import partition_of
from shared.messaging.node import Node
from shared.messaging.registers import Registers
from shared.messaging.tx import Tx
from shared.runtime.db import sqlstate
from shared.runtime.errors import Problem
from shared.runtime.ids import new_reference, uuid7

_DRAWS = 5
_NUMBER = attrgetter("int")  # in which keys sort as themselves, and three times as fast
_UNIQUE_VIOLATION = "23505"


class Order(NamedTuple):
    """A complaint to be filed once under its key."""

    key: UUID
    digest: bytes
    draft: Draft
    traceparent: str | None = None


async def file_group(node: Node, orders: Sequence[Order], hours: int) -> list[Header | Problem]:
    """Files what is new and finds what was filed before; one header or Problem an order, in order.

    A reference that is taken already fails the whole transaction; it is tried again with others.
    """
    for left in range(_DRAWS, 0, -1):
        try:
            return await node.command(lambda tx: _file(tx, orders, hours))
        except Exception as error:
            if sqlstate(error) != _UNIQUE_VIOLATION or left == 1:
                raise
    raise AssertionError("the last draw returns or raises")


async def _file(tx: Tx, orders: Sequence[Order], hours: int) -> list[Header | Problem]:
    firsts = {order.key: order for order in reversed(orders)}  # of one key twice in the group, the first counts
    made = {key: _claimed(order) for key, order in firsts.items()}
    fresh = await store.claim(tx.conn, [made[key].claim for key in sorted(made, key=_NUMBER)], hours)
    for key in sorted(fresh, key=_NUMBER):
        _publish(tx, firsts[key], made[key].header)
    taken = made.keys() - fresh
    known = {key: made[key] for key in fresh} | (await store.claimed(tx.conn, sorted(taken)) if taken else {})
    return [answer(order.digest, known.get(order.key)) for order in orders]


def answer(digest: bytes, known: Claimed | None) -> Header | Problem:
    """The complaint that a key was used for; a Problem where it was used for another request, or has just run out."""
    if known is None:
        return Problem(503, "key-expiring", "This key has just expired: send the request again.", headers={"Retry-After": "1"})
    return known.header if known.claim.digest == digest else key_reused()


def key_reused() -> Problem:
    detail = "This Idempotency-Key was used for another request: make a new key for a new act, or send the first request unchanged."
    return Problem(409, "idempotency-key-reused", detail, field="idempotency-key")


def _claimed(order: Order) -> Claimed:
    header = order.draft.header(uuid7(order.draft.recorded_at), new_reference())
    return Claimed(Claim(order.key, order.digest, header.id, header.recorded_at), header)


def _publish(tx: Tx, order: Order, header: Header) -> None:
    registers, draft = Registers.new(header, partition_of(str(header.id))), order.draft
    # A group is written by one of its callers: each fact goes on in the trace of its own.
    tx.publish(registers, "complaint-filed", draft.filing, by=draft.by, at=header.recorded_at, traceparent=order.traceparent)
    tx.put_private(PAPERS, draft.papers(header))
    tx.put_private(CONTACTS, draft.contacts(header))
