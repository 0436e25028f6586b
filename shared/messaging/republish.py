"""Republish: a writer fills its emptied topics again from its store, same types, ids, versions and times, which harms nobody."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import DirectoryRecord
from shared.contracts.registry import DIRECTORY, PRIVATE_TOPICS
from shared.messaging.records import Outgoing, directory_record, private_record
from shared.messaging.recover import own_topics
from shared.messaging.transport import Observer, Producer
from shared.runtime.clock import Clock
from shared.runtime.db import Database

CHUNK = 1000

_FACTS = text("""
    select complaint_id, topic, version, headers, value from published
    where cast(:after as uuid) is null or complaint_id > :after order by complaint_id limit :limit""")
_DOCS = text("""
    select complaint_id, doc from private_document
    where topic = :topic and (cast(:after as uuid) is null or complaint_id > :after) order by complaint_id limit :limit""")
_RECORDS = text("select value from directory_record order by stamp")
_PATIENTLY = text("set local idle_in_transaction_session_timeout = 0")
"""A broker that is slow must not end what cannot be begun again before the topics are emptied once more."""
_FORGET_OUTBOX = text("delete from outbox where topic <> 'notices'")


class NotEmpty(RuntimeError):
    """A topic still holds records: filling it again would put old versions after new ones."""


async def republish(service: str, db: Database, clock: Clock, observer: Observer, producer: Producer) -> int:
    """Writes every record that this service is the writer of; returns how many. Run it with the services stopped.

    Raises NotEmpty, having written nothing, where one of its topics has an end offset above 0.
    """
    topics = own_topics(service)
    for (topic, partition), end in (await observer.ends(await observer.places(topics))).items():
        if end:
            raise NotEmpty(f"{topic}/{partition} ends at {end}: delete and create the topic first, with all services stopped")
    sent = 0
    async with db.begin() as conn:
        await conn.execute(_PATIENTLY)
        async for records in _everything(conn, service, topics, clock):
            await producer.send(records)
            sent += len(records)
        await conn.execute(_FORGET_OUTBOX)
    return sent


async def _everything(conn: AsyncConnection, service: str, topics: Sequence[str], clock: Clock) -> AsyncIterator[list[Outgoing]]:
    if DIRECTORY in topics:
        values = (await conn.execute(_RECORDS)).scalars()
        yield [directory_record(DIRECTORY, service, DirectoryRecord.model_validate_json(v), clock.now()) for v in values]
    async for rows in _pages(conn, _FACTS, {}):
        yield [Outgoing(r.topic, str(r.complaint_id), r.version, bytes(r.value), json.loads(r.headers), r.complaint_id) for r in rows]
    for topic in topics:
        if topic in PRIVATE_TOPICS:
            async for rows in _pages(conn, _DOCS, {"topic": topic}):
                yield [private_record(topic, service, PRIVATE_TOPICS[topic].model_validate_json(r.doc), clock.now()) for r in rows]


async def _pages(conn: AsyncConnection, query: TextClause, parameters: dict[str, Any]) -> AsyncIterator[Sequence[Row[Any]]]:
    after = None
    while rows := (await conn.execute(query, {**parameters, "after": after, "limit": CHUNK})).all():
        yield rows
        after = rows[-1].complaint_id
