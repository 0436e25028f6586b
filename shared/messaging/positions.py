"""How far a consumer has come, in its own store and in the transaction of what it did: that is what makes effects once.

The lock is an upsert inside the batch's transaction, never a lock taken in the assign callback: records may be delivered
before that callback has ended. Positions only rise, and are tied to the topic's id, so a topic created anew starts at 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.db import quick

Place = tuple[str, int]
"""A topic and a partition."""

_CLAIM = text("""
    insert into consumer_position as p (consumer, topic, partition, topic_id, next_offset)
    select :consumer, u.topic, u.partition, u.topic_id, 0
    from unnest(cast(:topic as text[]), cast(:partition as int[]), cast(:topic_id as text[])) as u (topic, partition, topic_id)
    order by u.topic, u.partition
    on conflict (consumer, topic, partition) do update set next_offset = p.next_offset
    returning topic, partition, topic_id, next_offset, bad_in_row""")
_PASS = text("""
    with held as materialized (
        select p.topic, p.partition, p.next_offset, p.bad_in_row, u.first, u.next
        from unnest(cast(:topic as text[]), cast(:partition as int[]), cast(:first as bigint[]), cast(:next as bigint[]))
          as u (topic, partition, first, next)
          join consumer_position p on p.consumer = :consumer and p.topic = u.topic and p.partition = u.partition
        order by p.topic, p.partition for update of p
    ), passed as (
        update consumer_position p set next_offset = held.next, bad_in_row = 0 from held
        where p.consumer = :consumer and p.topic = held.topic and p.partition = held.partition
          and held.first <= held.next_offset and held.next > held.next_offset
    )
    select topic, partition, next_offset, bad_in_row from held""")
_ADVANCE = text("""
    update consumer_position p set next_offset = greatest(p.next_offset, u.next_offset), bad_in_row = u.bad
    from unnest(cast(:topic as text[]), cast(:partition as int[]), cast(:next as bigint[]), cast(:bad as int[]))
      as u (topic, partition, next_offset, bad)
    where p.consumer = :consumer and p.topic = u.topic and p.partition = u.partition""")
_RENEW = text("""
    update consumer_position p set next_offset = 0, topic_id = u.topic_id, bad_in_row = 0
    from unnest(cast(:topic as text[]), cast(:topic_id as text[])) as u (topic, topic_id)
    where p.consumer = :consumer and p.topic = u.topic and p.topic_id <> u.topic_id""")
_READ = text("select topic, partition, next_offset from consumer_position where consumer = :consumer")
_RESUME = text("update consumer_position set bad_in_row = 0 where consumer = :consumer and bad_in_row >= :bad")
_OWN = text("select topic, partition, topic_id, next_offset from own_position")
_RAISE_OWN = text("""
    insert into own_position as p (topic, partition, topic_id, next_offset)
    select u.topic, u.partition, u.topic_id, u.next_offset
    from unnest(cast(:topic as text[]), cast(:partition as int[]), cast(:topic_id as text[]), cast(:next as bigint[]))
      as u (topic, partition, topic_id, next_offset)
    order by u.topic, u.partition
    on conflict (topic, partition) do update set topic_id = excluded.topic_id,
      next_offset = case when p.topic_id = excluded.topic_id
                         then greatest(p.next_offset, excluded.next_offset) else excluded.next_offset end""")


@dataclass(frozen=True)
class Position:
    """Where a consumer stands on one partition, and how many records in a row it could not take."""

    next_offset: int
    bad_in_row: int = 0


async def claim(conn: AsyncConnection, consumer: str, places: Iterable[Place], ids: Mapping[str, str]) -> dict[Place, Position]:
    """Locks the positions of these places until the transaction ends, making those that are not there, in (topic, partition) order."""
    ordered = sorted(places)
    columns = {
        "topic": [topic for topic, _ in ordered],
        "partition": [partition for _, partition in ordered],
        "topic_id": [ids[topic] for topic, _ in ordered],
    }
    result = await quick(conn, _CLAIM, {"consumer": consumer, **columns})
    return {(r.topic, r.partition): Position(r.next_offset, r.bad_in_row) for r in result}


async def claim_through(
    conn: AsyncConnection, consumer: str, stretches: Mapping[Place, tuple[int, int]], ids: Mapping[str, str]
) -> dict[Place, Position]:
    """As claim, and raises each position that lies within what was read from there, (first, next), to its end; returns where they stood."""
    ordered = sorted(stretches.items())
    columns = {
        "topic": [place[0] for place, _ in ordered],
        "partition": [place[1] for place, _ in ordered],
        "first": [first for _, (first, _) in ordered],
        "next": [next for _, (_, next) in ordered],
    }
    result = await quick(conn, _PASS, {"consumer": consumer, **columns})
    held = {(r.topic, r.partition): Position(r.next_offset, r.bad_in_row) for r in result}
    if unknown := {place: stretch for place, stretch in stretches.items() if place not in held}:
        await claim(conn, consumer, unknown, ids)
        held |= await claim_through(conn, consumer, unknown, ids)
    return held


async def advance(conn: AsyncConnection, consumer: str, positions: Mapping[Place, Position]) -> None:
    """Raises claimed positions; a lower offset changes nothing."""
    ordered = sorted(positions.items())
    columns = {
        "topic": [place[0] for place, _ in ordered],
        "partition": [place[1] for place, _ in ordered],
        "next": [p.next_offset for _, p in ordered],
        "bad": [p.bad_in_row for _, p in ordered],
    }
    await quick(conn, _ADVANCE, {"consumer": consumer, **columns})


async def renew(conn: AsyncConnection, consumer: str, ids: Mapping[str, str]) -> int:
    """Positions of topics that were created anew start at 0 under the new id; returns how many did."""
    result = await conn.execute(_RENEW, {"consumer": consumer, "topic": list(ids), "topic_id": list(ids.values())})
    return result.rowcount


async def read(conn: AsyncConnection, consumer: str) -> dict[Place, int]:
    return {(r.topic, r.partition): r.next_offset for r in await conn.execute(_READ, {"consumer": consumer})}


async def resume(conn: AsyncConnection, consumer: str, bad: int) -> int:
    """Lets a consumer that stopped after `bad` records in a row go on; returns how many partitions had that many."""
    return (await conn.execute(_RESUME, {"consumer": consumer, "bad": bad})).rowcount


async def own(conn: AsyncConnection) -> dict[Place, tuple[str, int]]:
    """Up to where the log is known to hold this service's own records: (topic id, next offset) by place."""
    return {(r.topic, r.partition): (r.topic_id, r.next_offset) for r in await conn.execute(_OWN)}


async def raise_own(conn: AsyncConnection, ends: Mapping[Place, int], ids: Mapping[str, str]) -> None:
    ordered = sorted(ends.items())
    columns = {
        "topic": [place[0] for place, _ in ordered],
        "partition": [place[1] for place, _ in ordered],
        "topic_id": [ids[place[0]] for place, _ in ordered],
        "next": [end for _, end in ordered],
    }
    await quick(conn, _RAISE_OWN, columns)
