"""Records that a consumer could not take: rows of its own store, with bytes, reason and position, to be replayed locally."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.registry import PRIVATE_TOPICS
from shared.messaging.records import RawRecord

_PARK = text("""
    insert into dead_letters (consumer, topic, partition, "offset", key, headers, value, reason)
    select :consumer, :topic, :partition, :offset, :key, cast(:headers as jsonb), :value, :reason
    where not exists (select from erased where complaint_id = cast(:person as uuid))
    on conflict (consumer, topic, partition, "offset") do update set reason = excluded.reason, replayed_at = null""")
_LIST = text("""select id, topic, partition, "offset", key, headers, value, reason, at, replayed_at from dead_letters
    where (cast(:all as boolean) or replayed_at is null) and (cast(:id as bigint) is null or id = :id) order by id""")
_DONE = text("update dead_letters set replayed_at = clock_timestamp() where id = :id")
_DISCARD = text("""
    update dead_letters set reason = 'discarded', key = null, headers = '[]', value = null, replayed_at = clock_timestamp()
    where id = :id""")
_COUNT = text("select count(*) from dead_letters where replayed_at is null")


@dataclass(frozen=True)
class DeadLetter:
    id: int
    raw: RawRecord
    reason: str
    at: datetime
    replayed_at: datetime | None


async def park(conn: AsyncConnection, consumer: str, raw: RawRecord, reason: str) -> None:
    """Keeps a record for replay. A private one of a person who was erased is not kept: it would bring their words back."""
    headers = json.dumps([[name, None if value is None else value.decode(errors="replace")] for name, value in raw.headers])
    await conn.execute(
        _PARK,
        {
            "consumer": consumer,
            "topic": raw.topic,
            "partition": raw.partition,
            "offset": raw.offset,
            "key": raw.key,
            "headers": headers.replace("\\u0000", ""),
            "value": raw.value,
            "reason": reason.replace("\x00", "")[:2000],
            "person": _person(raw),
        },
    )


async def listed(conn: AsyncConnection, *, id: int | None = None, all: bool = False) -> Sequence[DeadLetter]:
    """Parked records, oldest first; those replayed already only with `all`."""
    rows = await conn.execute(_LIST, {"id": id, "all": all or id is not None})
    return [_letter(row._mapping) for row in rows]  # type: ignore[arg-type]


async def done(conn: AsyncConnection, id: int) -> None:
    await conn.execute(_DONE, {"id": id})


async def discard(conn: AsyncConnection, id: int) -> bool:
    """Throws away a record that no fix will ever make readable; that it was parked here is kept. False where there is none."""
    return bool((await conn.execute(_DISCARD, {"id": id})).rowcount)


async def count(conn: AsyncConnection) -> int:
    number: int = (await conn.execute(_COUNT)).scalar_one()
    return number


def _person(raw: RawRecord) -> UUID | None:
    """Whose words a private record holds, as far as its key says."""
    try:
        return UUID((raw.key or b"").decode()) if raw.topic in PRIVATE_TOPICS else None
    except ValueError:
        return None


def _letter(row: dict[str, object]) -> DeadLetter:
    headers = tuple((name, None if value is None else value.encode()) for name, value in json.loads(str(row["headers"])))
    raw = RawRecord(row["topic"], row["partition"], row["offset"], row["key"], row["value"], headers)  # type: ignore[arg-type]
    return DeadLetter(row["id"], raw, row["reason"], row["at"], row["replayed_at"])  # type: ignore[arg-type]
