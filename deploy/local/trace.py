"""`wasl trace <reference>`: where a complaint stands in all five services and on the log, and what waits. It prints nobody's data."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.environment import SERVICES
from deploy.local.home import Refusal
from deploy.local.platform import Platform
from deploy.local.stores import instant, open_stores
from deploy.local.tables import table
from shared.contracts.registry import FACT_TOPICS, WRITERS
from shared.messaging.login import Login
from shared.messaging.positions import Place
from shared.messaging.records import RawRecord
from shared.messaging.transport import Unreachable, observing
from shared.runtime.ids import parse_reference

READER = "stats"
"""The user that may read all topics of facts, and no people's."""

_REGISTER = """
    select complaint_id, partition, intake_version, routing_version, deadlines_version, coalesce(routing->>'status', 'triage') as status,
           deadlines::text as clocks from register where reference = $1"""
_OUTBOX = "select id, topic, version, created_at from outbox where complaint_id = $1 order by id"
_LETTERS = """
    select id, topic, partition, "offset" as at, replayed_at from dead_letters where key = $1 and replayed_at is null order by id"""
_ERASED = "select at from erased where complaint_id = $1"
_DOCUMENTS = "select topic, version from private_document where complaint_id = $1 order by topic"
_NOTICES = (
    "select code, audience, state, coalesce(channel, '') as channel, attempts, sent_at from notices where complaint_id = $1 order by n"
)
_POSITIONS = "select topic, next_offset from consumer_position where consumer = $1 and partition = $2"

Say = Callable[[str], None]


async def trace(platform: Platform, reference: str, say: Say) -> None:
    """Raises Refusal where no service knows it, or a store or the log does not answer."""
    try:
        ref = parse_reference(reference)
    except ValueError as error:
        raise Refusal(f"{reference}: {error}") from None
    async with open_stores(platform) as stores:
        known = {name: row for name in SERVICES if (row := await _one(stores[name], _REGISTER, ref))}
        if not known:
            raise Refusal(f"no service knows {ref}; was it filed on this platform? `wasl env` prints its addresses")
        first = next(iter(known.values()))
        id, partition = first["complaint_id"], first["partition"]
        say(f"{ref}  {id}  partition {partition}")
        _section(say, "stores", await _stores(stores, known, id))
        reached = {name: await _reached(stores[name], name, partition) for name in SERVICES}
        _section(say, "facts on the log", [row async for row in _facts(platform, id, partition, reached)])
        _section(say, "clocks", _clocks(known))
        _section(say, "notices", await _listed(stores["notifications"], _NOTICES, id))
        for title, query, key in (("outbox", _OUTBOX, id), ("dead letters", _LETTERS, str(id).encode())):
            rows = {name: await _listed(stores[name], query, key) for name in SERVICES}
            _section(say, title, [[name, *row] for name, found in rows.items() for row in found])


def _section(say: Say, title: str, rows: list[list[object]]) -> None:
    say(f"\n{title}" if rows else f"\n{title}: none")
    if rows:
        say(table(rows))


async def _stores(stores: Mapping[str, asyncpg.Connection], known: Mapping[str, Any], id: UUID) -> list[list[object]]:
    rows: list[list[object]] = [["", *(f"{writer} v" for writer in WRITERS), "status", "private documents", "erased"]]
    for name in SERVICES:
        row = known.get(name)
        documents = ", ".join(f"{topic} v{version}" for topic, version in await _listed(stores[name], _DOCUMENTS, id))
        erased = await _one(stores[name], _ERASED, id)
        versions = [row[f"{writer}_version"] if row else None for writer in WRITERS]
        rows.append([name, *versions, row["status"] if row else "UNKNOWN HERE", documents or None, erased and _time(erased["at"])])
    return rows


async def _facts(platform: Platform, id: UUID, partition: int, reached: Mapping[str, Mapping[str, int]]) -> AsyncIterator[list[object]]:
    """Each record of this complaint in the order of the log, and which services have not taken it yet."""
    login = Login(platform.kafka_bootstrap, READER, platform.kafka_password(READER))
    try:
        async with observing(login) as log:
            start: dict[Place, int] = {(topic, partition): 0 for topic in FACT_TOPICS}
            found = [raw async for batch in log.stretch(start) for raw in batch if raw.key == str(id).encode()]
    except Unreachable as error:
        raise Refusal(f"Kafka on {platform.kafka_bootstrap} does not answer ({type(error).__name__}); see `wasl status`") from None
    for raw in sorted(found, key=lambda raw: (raw.timestamp_ms, raw.topic, raw.offset)):
        yield _fact(raw, [name for name in SERVICES if raw.offset >= reached[name].get(raw.topic, raw.offset + 1)])


def _fact(raw: RawRecord, missing: list[str]) -> list[object]:
    headers = {name: (value or b"").decode(errors="replace") for name, value in raw.headers}
    version, by = _told(raw.value)
    kind = headers.get("ce_type", "?").removeprefix("wasl.").removesuffix(".v1")
    late = f"NOT TAKEN by {', '.join(missing)}" if missing else ""
    return [f"{raw.topic}/{raw.partition}", f"@{raw.offset}", version, kind, headers.get("ce_time"), f"by {by}", headers.get("ce_id"), late]


def _told(value: bytes | None) -> tuple[str, str]:
    """Version and role, also of a record that a service could not understand."""
    try:
        body = json.loads(value or b"{}")
        return f"v{int(body['version'])}", str(body["change"]["by"])
    except (ValueError, LookupError, TypeError):
        return "v?", "?"


def _clocks(known: Mapping[str, Any]) -> list[list[object]]:
    told = known["deadlines"]["clocks"] if "deadlines" in known else None
    fields = ("code", "holder", "body", "state", "due_at", "last_day", "breached_at", "corrected_at")
    rows: list[list[object]] = [[clock.get(name) for name in fields] for clock in json.loads(told or "[]")]
    return [list(fields), *rows] if rows else []


async def _reached(store: asyncpg.Connection, service: str, partition: int) -> dict[str, int]:
    """Where the service goes on in each topic that it reads."""
    async with instant(store):
        return {row["topic"]: row["next_offset"] for row in await store.fetch(_POSITIONS, f"{service}.main", partition)}


async def _one(store: asyncpg.Connection, query: str, key: object) -> Any:
    async with instant(store):
        return await store.fetchrow(query, key)


async def _listed(store: asyncpg.Connection, query: str, key: object) -> list[list[object]]:
    async with instant(store):
        return [[_time(cell) if hasattr(cell, "isoformat") else cell for cell in row] for row in await store.fetch(query, key)]


def _time(at: Any) -> str:
    return str(at.isoformat(timespec="seconds")).replace("+00:00", "Z")
