"""Records put on a topic past all services, as only its writer's login may: what a broken or late writer would send."""

from collections.abc import Sequence
from typing import Any

from shared.contracts.registry import TOPICS
from shared.messaging.login import Login
from shared.messaging.records import Outgoing, RawRecord
from shared.messaging.transport import Producer
from tests.reliability.world import World


async def write(world: World, records: Sequence[Outgoing]) -> None:
    """Sends each with the login of its topic's writer, in order, and returns when the broker has all."""
    for writer in sorted({TOPICS[record.topic].writer for record in records}):
        producer = Producer(Login(world.platform.kafka_bootstrap, writer, world.platform.kafka_password(writer)))
        await producer.start()
        try:
            await producer.send([record for record in records if TOPICS[record.topic].writer == writer])
        finally:
            await producer.stop()


def again(record: RawRecord, **changes: Any) -> Outgoing:
    """A record as it stands on its topic, to be sent once more, with these changes."""
    headers = {name: (value or b"").decode() for name, value in record.headers}
    given = {"topic": record.topic, "key": (record.key or b"").decode(), "version": 0, "value": record.value, "headers": headers}
    return Outgoing(**{**given, **changes})
