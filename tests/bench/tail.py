"""An observer at the end of topics: when each complaint's first record came there."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.login import Login
from tests.reliability.world import World

PARTITIONS = 12


class Tail:
    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._came: dict[tuple[str, str], asyncio.Future[float]] = defaultdict(asyncio.get_running_loop().create_future)

    async def run(self) -> None:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=1000)
            now = time.perf_counter()
            for record in (record for records in fetched.values() for record in records):
                came = self._came[record.topic, (record.key or b"").decode()]
                if not came.done():
                    came.set_result(now)

    async def came(self, topic: str, id: str) -> float:
        """When its first record on this topic was here, by time.perf_counter."""
        return await self._came[topic, id]


@asynccontextmanager
async def tail(world: World, topics: Sequence[str], reader: str) -> AsyncIterator[Tail]:
    """From the topics' ends as they are now, with the login of a service that may read them, in no group."""
    login = Login(world.platform.kafka_bootstrap, reader, world.platform.kafka_password(reader))
    consumer = AIOKafkaConsumer(**login.client(), enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)])
    await consumer.seek_to_end()
    watcher = Tail(consumer)
    running = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await consumer.stop()
