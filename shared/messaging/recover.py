"""Recover: a service reads what it has itself told, from where its store last knew, to the end of the log.

A version above the stored one proves that the store was restored from an older copy; the newer states are taken back from
the facts, which carry them whole, and the service's own rows are rebuilt from them. It decides nothing.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import Fact
from shared.contracts.notices import NoticeSent
from shared.contracts.private import Private
from shared.contracts.registry import FACT_TOPICS, TOPICS
from shared.messaging import outbox, positions
from shared.messaging.apply import documents, fold
from shared.messaging.codec import Undecodable, decode
from shared.messaging.directory import DirectoryCache
from shared.messaging.directory import upsert as upsert_directory
from shared.messaging.records import Decoded, Outgoing, RawRecord
from shared.messaging.spec import Spec
from shared.messaging.transport import Observer
from shared.messaging.tx import Tx
from shared.runtime.clock import Clock
from shared.runtime.db import Database

log = structlog.get_logger()

_PUBLISHED = text("""
    insert into published as p (complaint_id, topic, version, headers, value)
    select u.id, u.topic, u.version, u.headers::jsonb, u.value
    from unnest(cast(:id as uuid[]), cast(:topic as text[]), cast(:version as int[]), cast(:headers as text[]), cast(:value as bytea[]))
      as u (id, topic, version, headers, value)
    order by u.id
    on conflict (complaint_id) do update set version = excluded.version, headers = excluded.headers, value = excluded.value
    where excluded.version > p.version""")


def own_topics(service: str) -> list[str]:
    return [topic.name for topic in TOPICS.values() if topic.writer == service]


async def recover(spec: Spec, db: Database, clock: Clock, cache: DirectoryCache, observer: Observer, ids: Mapping[str, str]) -> int:
    """Takes back what the log knows and this store does not; returns how many complaints moved. Costs one look where none did."""
    async with db.begin() as conn:
        known = await positions.own(conn)
    places = await observer.places(own_topics(spec.name))
    start = {place: _from(known.get(place), ids[place[0]]) for place in places}
    moved = 0
    async for batch in observer.stretch(start):
        moved += await _take_back(spec, db, clock, cache, batch)
    async with db.begin() as conn:
        await positions.raise_own(conn, await observer.ends(places), ids)
    if moved:
        log.warning("recovered from the log", complaints=moved)
    return moved


def _from(known: tuple[str, int] | None, topic_id: str) -> int:
    """A topic created anew is read from its beginning."""
    return known[1] if known and known[0] == topic_id else 0


async def _take_back(spec: Spec, db: Database, clock: Clock, cache: DirectoryCache, batch: Sequence[RawRecord]) -> int:
    decoded = [found for raw in batch if (found := _readable(raw)) is not None]
    known = await cache.get()
    async with db.begin() as conn:
        tx = Tx(conn, spec.name, clock.now(), known)
        await upsert_directory(conn, [d.body for d in decoded if isinstance(d.body, DirectoryRecord)])
        changes = await fold(tx, decoded)
        await documents(tx, decoded)
        await _remember(conn, _last_facts(decoded))
        await outbox.delete_known(conn, _known(decoded))
        if changes:
            await spec.project([change.after for change in changes], tx)
        if notices := [d.body for d in decoded if isinstance(d.body, NoticeSent)]:
            await spec.on_notices(notices, tx)
        await tx.flush()
    return len(changes)


def _readable(raw: RawRecord) -> Decoded | None:
    try:
        return decode(raw)
    except Undecodable as error:
        log.error("own record cannot be read", topic=raw.topic, partition=raw.partition, offset=raw.offset, reason=str(error))
        return None


async def _remember(conn: AsyncConnection, facts: Sequence[Outgoing]) -> None:
    """Keeps the last fact of each complaint whole, as its telling did, so that a lost log can be written again."""
    if facts:
        columns = {
            "id": [r.complaint_id for r in facts],
            "topic": [r.topic for r in facts],
            "version": [r.version for r in facts],
            "headers": [outbox.headers_json(r) for r in facts],
            "value": [r.value for r in facts],
        }
        await conn.execute(_PUBLISHED, columns)


def _last_facts(decoded: Sequence[Decoded]) -> list[Outgoing]:
    """The newest fact of each complaint, as it is kept for republish."""
    last: dict[UUID, Outgoing] = {}
    for d in decoded:
        if isinstance(d.body, Fact) and d.raw.topic in FACT_TOPICS:
            headers = {name: (value or b"").decode(errors="replace") for name, value in d.raw.headers}
            record = Outgoing(d.raw.topic, str(d.complaint_id), d.body.version, d.raw.value, headers, d.complaint_id)
            last[d.body.complaint.id] = max(last.get(d.body.complaint.id, record), record, key=attrgetter("version"))
    return [last[id] for id in sorted(last)]


def _known(decoded: Sequence[Decoded]) -> list[tuple[str, UUID, int]]:
    return [(d.raw.topic, d.complaint_id, d.body.version) for d in decoded if d.complaint_id and isinstance(d.body, Fact | Private)]
