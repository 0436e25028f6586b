"""Facts on the real log, as their writers would send them, and the whole log as anybody may read and fold it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from deploy.local.platform import Platform
from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import Fact
from shared.contracts.registry import DIRECTORY, FACT_TOPICS, WRITERS
from shared.messaging.codec import decode
from shared.messaging.login import Login
from shared.messaging.records import RawRecord, directory_record, fact_record
from shared.messaging.registers import Registers, writer_of
from shared.messaging.transport import Producer, observing
from tests.support.known import after


class Teller:
    """Sends as each of the three writers."""

    def __init__(self, producers: dict[str, Producer]) -> None:
        self._producers = producers

    async def tell(self, facts: Sequence[Fact]) -> None:
        for writer, producer in self._producers.items():
            own = [fact for fact in facts if writer_of(fact) == writer]
            await producer.send([fact_record(WRITERS[writer], writer, "test", f.complaint, f, datetime.now(UTC), None) for f in own])

    async def tell_directory(self, records: Sequence[DirectoryRecord]) -> None:
        await self._producers["routing"].send([directory_record(DIRECTORY, "routing", r, datetime.now(UTC)) for r in records])


@asynccontextmanager
async def teller(platform: Platform) -> AsyncIterator[Teller]:
    producers = {writer: Producer(Login(platform.kafka_bootstrap, writer, platform.kafka_password(writer))) for writer in WRITERS}
    for producer in producers.values():
        await producer.start()
    try:
        yield Teller(producers)
    finally:
        for producer in producers.values():
            await producer.stop()


async def whole(platform: Platform, topics: Sequence[str] = tuple(FACT_TOPICS)) -> list[RawRecord]:
    async with observing(Login(platform.kafka_bootstrap, "stats", platform.kafka_password("stats"))) as log:
        return [raw async for batch in log.stretch(dict.fromkeys(await log.places(topics), 0)) for raw in batch]


def folded(records: Iterable[RawRecord]) -> dict[UUID, Registers]:
    """What a store knows that has read these, one by one, in any order."""
    known: dict[UUID, Registers] = {}
    for raw in records:
        body = decode(raw).body
        assert isinstance(body, Fact)
        id = body.complaint.id
        known[id] = after(known.get(id, Registers.new(body.complaint, raw.partition)), body)
    return known
