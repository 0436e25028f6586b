"""Private documents at rest: whole, newest version only, never for a person who was erased."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.private import Private
from shared.contracts.registry import PRIVATE_TOPICS
from shared.messaging import registers
from shared.messaging.records import PrivateChange
from shared.messaging.registers import Registers
from shared.runtime.db import quick, quick_values

_UPSERT = text("""
    insert into private_document as p (topic, complaint_id, version, doc)
    select u.topic, u.id, u.version, u.doc::jsonb
    from unnest(cast(:topic as text[]), cast(:id as uuid[]), cast(:version as int[]), cast(:doc as text[])) as u (topic, id, version, doc)
    where not exists (select from erased e where e.complaint_id = u.id)
    order by u.id, u.topic
    on conflict (complaint_id, topic) do update set version = excluded.version, doc = excluded.doc
    where excluded.version > p.version
    returning topic, complaint_id""")
_DELETE = text("""
    with u as (select * from unnest(cast(:topic as text[]), cast(:id as uuid[]), cast(:key as bytea[])) as u (topic, id, key)),
         dead as (delete from dead_letters d using u where d.topic = u.topic and d.key = u.key)
    delete from private_document p using u where p.topic = u.topic and p.complaint_id = u.id returning p.topic, p.complaint_id""")
_GET = text("select topic, doc::text from private_document where complaint_id = :id")
# Both rows are locked: whoever waited for the register gets the document too as it is then. One that was read beside the lock would
# be as old as the statement, and what is made of it might be lost as a version that was there before.
_LOCKED = text(f"""
    select {registers.SHOWN}, doc::text from register join private_document using (complaint_id)
    where complaint_id = :id and topic = :topic for update""")  # noqa: S608 -- only names of columns are put in
_ONE = text("""
    select (select doc::text from private_document where complaint_id = :id and topic = :topic),
           exists (select from erased where complaint_id = :id)""")
_MANY = text("select complaint_id, doc::text from private_document where topic = :topic and complaint_id = any(cast(:ids as uuid[]))")
_ERASE = text("""
    with gone as (insert into erased (complaint_id, at)
                  select u.id, :at from unnest(cast(:ids as uuid[])) as u (id) order by 1
                  on conflict do nothing returning complaint_id),
         docs as (delete from private_document where complaint_id = any(cast(:ids as uuid[]))),
         dead as (delete from dead_letters where key = any(cast(:keys as bytea[])) and topic = any(cast(:topics as text[])))
    select complaint_id from gone""")
_ERASED = text("select complaint_id from erased where complaint_id = any(cast(:ids as uuid[]))")


async def upsert(conn: AsyncConnection, docs: Sequence[tuple[str, Private]]) -> list[PrivateChange]:
    """Stores documents whose version is higher than the stored one and whose person is not erased; returns those."""
    newest: dict[tuple[UUID, str], Private] = {}
    for topic, doc in docs:
        known = newest.get((doc.complaint_id, topic))
        if known is None or doc.version > known.version:
            newest[doc.complaint_id, topic] = doc
    if not newest:
        return []
    columns = {
        "topic": [topic for _, topic in newest],
        "id": [id for id, _ in newest],
        "version": [doc.version for doc in newest.values()],
        "doc": [doc.model_dump_json() for doc in newest.values()],
    }
    return [PrivateChange(topic, id, newest[id, topic]) for topic, id in await quick(conn, _UPSERT, columns)]


async def delete(conn: AsyncConnection, gone: Sequence[tuple[str, UUID]]) -> list[PrivateChange]:
    """A tombstone arrived: the document goes, and what was parked of it before."""
    if not gone:
        return []
    topics, ids = zip(*gone, strict=True)
    given = {"topic": list(topics), "id": list(ids), "key": [str(id).encode() for id in ids]}
    return [PrivateChange(topic, id, None) for topic, id in await quick(conn, _DELETE, given)]


async def get(conn: AsyncConnection, complaint_id: UUID) -> dict[str, Private]:
    """The documents held about one complaint, by topic."""
    docs = await quick(conn, _GET, {"id": complaint_id})
    return {topic: PRIVATE_TOPICS[topic].model_validate_json(doc) for topic, doc in docs}


async def one(conn: AsyncConnection, topic: str, complaint_id: UUID) -> tuple[Private | None, bool]:
    """The document of one topic, and whether its person has been erased."""
    ((doc, erased),) = await quick(conn, _ONE, {"topic": topic, "id": complaint_id})
    return PRIVATE_TOPICS[topic].model_validate_json(doc) if doc else None, erased


async def locked(conn: AsyncConnection, topic: str, complaint_id: UUID) -> tuple[Registers, Private] | None:
    """The registers and one document about a complaint, both locked until the transaction ends; None where either is missing."""
    rows = await quick(conn, _LOCKED, {"id": complaint_id, "topic": topic})
    return (registers.from_row(rows[0]), PRIVATE_TOPICS[topic].model_validate_json(rows[0].doc)) if rows else None


async def many(conn: AsyncConnection, topic: str, ids: Sequence[UUID]) -> dict[UUID, Private]:
    """The documents of one topic about many complaints."""
    docs = await quick(conn, _MANY, {"topic": topic, "ids": list(ids)})
    return {id: PRIVATE_TOPICS[topic].model_validate_json(doc) for id, doc in docs}


async def erase(conn: AsyncConnection, ids: Sequence[UUID], at: object) -> set[UUID]:
    """Adds to the erased set, which only grows, and deletes documents and those that were parked; returns the newly erased.

    A fact that was parked stays, to be replayed: it names nobody, and may be the last of its writer.
    """
    keys = [str(id).encode() for id in ids]
    return set(await quick_values(conn, _ERASE, {"ids": list(ids), "keys": keys, "topics": list(PRIVATE_TOPICS), "at": at}))


async def erased(conn: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    return set(await quick_values(conn, _ERASED, {"ids": list(ids)}))
