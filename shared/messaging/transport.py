"""The only file that knows FastStream and aiokafka. Upward it gives raw records in batches; downward it takes raw records.

FastStream carries batches of undecoded records and acknowledges nothing by itself: its policies lose or block a batch on
one bad record, so positions, failures and acknowledgement belong to the engine.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, KafkaTimeoutError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.security import SASLScram512

from shared.messaging.login import Login
from shared.messaging.murmur import partition_of
from shared.messaging.positions import Place
from shared.messaging.records import Outgoing, RawRecord

BATCH, SMALL = 500, 100
FETCH_BYTES = 128 * 1024
"""Of each partition at once (a longer record comes whole). A consumer that is far behind holds so much of each of its 36 or more
partitions, several times as much once it is read."""
WAIT_MS = 250
"""The longest wait for records; the first one ends it at once."""
TELL_SECONDS = 1.0
"""How often the broker is told how far a busy consumer is; a quiet one tells it at once that it has come to the end."""
REBALANCE_TIMEOUT_MS = 60_000
"""How long a batch in flight may hold a rebalance. The client's own default is the session time-out, too short."""
IDLE_FETCH_MS = 10
"""How long the broker holds an observer's fetch that finds nothing. It answers a connection in order: whatever is asked next, an end
or another stretch, waits as long, by the client's own default half a second."""

Unreachable = KafkaError


class Sink(Protocol):
    """What a consumer of batches must offer: each call is awaited before the next batch is read."""

    async def batch(self, records: Sequence[RawRecord]) -> None: ...
    async def assigned(self, places: set[Place]) -> None: ...
    async def revoked(self) -> None: ...


class Producer:
    """Sends and waits. It never times a send out: an idempotent producer retries until the broker answers, so giving up
    and sending again would write a record twice."""

    def __init__(self, login: Login) -> None:
        self._producer = AIOKafkaProducer(**login.client(), enable_idempotence=True, acks="all", linger_ms=0, max_batch_size=256 * 1024)

    async def start(self) -> None:
        await _start(self._producer)

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, records: Sequence[Outgoing]) -> dict[Place, int]:
        """Sends in order, waits for every acknowledgement; returns the next offset after each partition's last record.

        Whole batches are handed over, one a partition at a time: record by record the client costs four times as much.
        """
        counts = {topic: len(await self._producer.partitions_for(topic)) for topic in {r.topic for r in records}}
        places: dict[Place, list[Outgoing]] = {}
        for record in records:
            places.setdefault((record.topic, partition_of(record.key, counts[record.topic])), []).append(record)
        ends = await asyncio.gather(*(self._send_to(place, group) for place, group in places.items()))
        return dict(zip(places, ends, strict=True))

    async def _send_to(self, place: Place, records: Sequence[Outgoing]) -> int:
        (topic, partition), end = place, 0
        for batch in self._batches(records):
            sent = await (await self._queued(batch, topic, partition))
            end = int(sent.offset) + batch.record_count()
        return end

    def _batches(self, records: Sequence[Outgoing]) -> Iterator[Any]:
        """Batches that are not fuller than the broker takes; the first record fits into any."""
        batch = self._producer.create_batch()
        for record in records:
            given = {"key": record.key.encode(), "value": record.value, "headers": _headers(record), "timestamp": None}
            if batch.append(**given) is None:
                yield batch
                batch = self._producer.create_batch()
                batch.append(**given)
        yield batch

    async def _queued(self, batch: Any, topic: str, partition: int) -> Any:
        """The future of a batch that stands in the queue. It waits while another batch of its partition stands before it."""
        batch.close()
        while True:
            with suppress(KafkaTimeoutError):
                return await self._producer.send_batch(batch, topic, partition=partition)

    async def tick(self, topic: str, key: bytes) -> None:
        """One empty record on each partition of a topic."""
        partitions = await self._producer.partitions_for(topic)
        futures = [await self._producer.send(topic, key=key, value=None, partition=p) for p in sorted(partitions)]
        await asyncio.gather(*futures)


class Subscription:
    """A member of a consumer group that hands batches to a sink, one at a time.

    gather_seconds: how long the first records of a small batch wait for those that come beside them: both then share a transaction.
    """

    def __init__(
        self, login: Login, topics: Sequence[str], group: str, member: str | None, session_ms: int, sink: Sink, gather_seconds: float = 0.0
    ) -> None:
        self._sink, self._gather_seconds = sink, gather_seconds
        self._untold: dict[Place, int] = {}
        self._told = float("-inf")
        self._broker = KafkaBroker(
            login.servers,
            security=SASLScram512(login.user, login.password, use_ssl=False),
            allow_auto_create_topics=False,
            consumer_only=True,
            graceful_timeout=10,
            logger=None,
        )
        self._subscriber = self._broker.subscriber(
            *topics,
            batch=True,
            group_id=group,
            group_instance_id=member,
            max_records=BATCH,
            max_partition_fetch_bytes=FETCH_BYTES,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=min(3000, session_ms // 3),
            listener=_Listener(self),
            parser=_parse,
            decoder=_decode,
        )
        # FastStream's own sleeps again after each empty poll: its wait would be latency, or a hundred wake-ups a second.
        self._subscriber.get_msg = self._fetch  # type: ignore[method-assign]
        self._subscriber(self._receive)

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        await self._broker.stop()

    async def _receive(self, records: Any) -> None:
        await self._sink.batch(records)

    def rewind(self, place: Place, offset: int) -> None:
        with suppress(IllegalStateError):
            self._consumer.seek(TopicPartition(*place), offset)

    async def commit(self, positions: Mapping[Place, int]) -> None:
        """The broker is told how far we are within a second, or when nothing is left to read: only lag tools ask for it."""
        self._untold |= positions
        if time.monotonic() - self._told > TELL_SECONDS:
            await self._tell()

    async def _fetch(self, consumer: AIOKafkaConsumer) -> tuple[Any, ...]:
        fetched = await self._records(consumer, WAIT_MS)
        if not fetched:
            await self._tell()
        elif self._gather_seconds and len(fetched) < SMALL:
            await asyncio.sleep(self._gather_seconds)
            fetched += await self._records(consumer, 0)
        return fetched

    async def _records(self, consumer: AIOKafkaConsumer, wait_ms: int) -> tuple[Any, ...]:
        fetched = await consumer.getmany(timeout_ms=wait_ms, max_records=BATCH)
        return tuple(chain.from_iterable(fetched.values()))

    async def _tell(self) -> None:
        """Losing a rebalance race here is normal and harms nothing."""
        untold, self._untold, self._told = self._untold, {}, time.monotonic()
        with suppress(CommitFailedError, IllegalStateError):
            owned = self._consumer.assignment() if untold else ()
            if offsets := {TopicPartition(*place): end for place, end in untold.items() if TopicPartition(*place) in owned}:
                await self._consumer.commit(offsets)

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise IllegalStateError("the subscription is not started")
        return consumer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        await self._subscription._sink.revoked()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        await self._subscription._sink.assigned({(tp.topic, tp.partition) for tp in assigned})


class Observer:
    """Reads ends of topics and stretches of them, in no group: for watermarks, lag, recover and republish."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._consumer = AIOKafkaConsumer(
            **login.client(), enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=IDLE_FETCH_MS
        )

    async def start(self) -> None:
        await _start(self._consumer)

    async def stop(self) -> None:
        await self._consumer.stop()

    async def places(self, topics: Sequence[str]) -> list[Place]:
        """Every partition of these topics; a topic that is not there raises KafkaError."""
        found = []
        for topic in topics:
            partitions = await self._consumer._client._wait_on_metadata(topic) and self._consumer.partitions_for_topic(topic)
            found += [(topic, partition) for partition in sorted(partitions or ())]
        return found

    async def ends(self, places: Sequence[Place]) -> dict[Place, int]:
        """The end offset (next to be written) of each place, now."""
        ends = await self._consumer.end_offsets([TopicPartition(*place) for place in places])
        return {(tp.topic, tp.partition): offset for tp, offset in ends.items()}

    async def held(self, places: Sequence[Place]) -> dict[Place, int]:
        """The end offset of each place that holds any record now."""
        begins = await self._consumer.beginning_offsets([TopicPartition(*place) for place in places])
        return {place: end for place, end in (await self.ends(places)).items() if end > begins[TopicPartition(*place)]}

    async def stretch(self, start: Mapping[Place, int], batch: int = BATCH) -> AsyncIterator[list[RawRecord]]:
        """The records from these offsets up to the ends as they are now, in batches of at most so many; a batch may be empty."""
        ends = await self.ends(list(start))
        left = {TopicPartition(*place): ends[place] for place, offset in start.items() if offset < ends[place]}
        if not left:
            return
        self._consumer.assign(list(left))
        for tp in left:
            self._consumer.seek(tp, start[tp.topic, tp.partition])
        while left:
            fetched = await self._consumer.getmany(*left, timeout_ms=500, max_records=batch)
            yield [_raw(r) for tp, records in fetched.items() for r in records if r.offset < ends[tp.topic, tp.partition]]
            for tp in list(left):
                if await self._consumer.position(tp) >= left[tp]:
                    del left[tp]
        await self._let_go()

    async def _let_go(self) -> None:
        """It would go on asking for what comes after."""
        fetches = set(self._consumer._fetcher._pending_tasks)
        self._consumer.unsubscribe()
        # Told to stop while it puts its last fetches down, the client (aiokafka 0.14) loses that, and whoever stops it waits for ever.
        if fetches:
            await asyncio.wait(fetches)


@asynccontextmanager
async def observing(login: Login) -> AsyncIterator[Observer]:
    observer = Observer(login)
    await observer.start()
    try:
        yield observer
    finally:
        await observer.stop()


async def _start(client: Any) -> None:
    """One that could not start leaves nothing behind."""
    try:
        await client.start()
    except BaseException:
        with suppress(Exception):
            await client.stop()
        raise


def _raw(record: Any) -> RawRecord:
    return RawRecord(record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers), record.timestamp or 0)


def _headers(record: Outgoing) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in record.headers.items()]


async def _parse(batch: Any) -> KafkaMessage:
    """Headers are left undecoded: one that is null or not UTF-8 would otherwise lose the whole batch."""
    return KafkaMessage(body=b"", headers={}, raw_message=batch, consumer=FAKE_CONSUMER)


async def _decode(message: KafkaMessage) -> list[RawRecord]:
    return [_raw(record) for record in message.raw_message]
