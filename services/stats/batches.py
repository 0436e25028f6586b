"""What is done with records of the log before any of them is read: which of them count, and which belong together."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from operator import attrgetter
from uuid import UUID

from pydantic_core import from_json

from shared.contracts.registry import FACT_TOPICS, TICK
from shared.messaging.records import RawRecord

BATCH = 20_000
"""So many records at once: the more, the more facts of one complaint meet, of which each writer's last is read."""
PART = 1_000
"""So many of them are derived at once: while they are, they take ten times their bytes."""


def newest(records: Sequence[RawRecord]) -> list[RawRecord]:
    """Without the facts that a later version among these replaces whole: reading their states would be half of a rebuild's work."""
    told = Counter((raw.topic, raw.key) for raw in records)
    last: dict[tuple[str, bytes | None], int] = {}
    versions = [_version(raw) if told[raw.topic, raw.key] > 1 else None for raw in records]
    for raw, version in zip(records, versions, strict=True):
        if version is not None:
            last[raw.topic, raw.key] = max(version, last.get((raw.topic, raw.key), version))
    return [raw for raw, version in zip(records, versions, strict=True) if version is None or version == last[raw.topic, raw.key]]


def _version(raw: RawRecord) -> int | None:
    """None where the engine must look itself: no fact, or none that can be read."""
    try:
        version = from_json(raw.value or b"")["version"] if raw.topic in FACT_TOPICS else None
    except (ValueError, LookupError, TypeError):
        return None
    return version if type(version) is int else None


def ids_of(records: Sequence[RawRecord]) -> dict[bytes, UUID]:
    """The complaints of facts, by the keys of these. Raises ValueError for a key that is none."""
    keys = {raw.key or b"" for raw in records if raw.topic in FACT_TOPICS}
    return {key: UUID(key.decode()) for key in keys - {TICK}}


def parts(records: Sequence[RawRecord]) -> Iterator[list[RawRecord]]:
    """In the order of complaints, no complaint in two of them."""
    part: list[RawRecord] = []
    for raw in sorted(records, key=attrgetter("key")):
        if len(part) >= PART and part[-1].key != raw.key:
            yield part
            part = []
        part.append(raw)
    if part:
        yield part


async def gathered(stretch: AsyncIterator[list[RawRecord]]) -> AsyncGenerator[list[RawRecord], None]:
    """The same records in large batches."""
    held: list[RawRecord] = []
    async for records in stretch:
        held += records
        if len(held) >= BATCH:
            yield held
            held = []
    if held:
        yield held
