"""Who may do what on the broker: each refusal beside its allowed twin, so that a broker that refuses everything fails too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError

from deploy.local.platform import Platform
from shared.messaging import topics

FACTS = ["complaints-intake", "complaints-routing", "complaints-deadlines"]
RESTRICTED = ["papers", "answers", "contacts"]


def login(own: Platform, user: str, password: str | None = None) -> dict[str, Any]:
    return {
        "bootstrap_servers": own.kafka_bootstrap,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": password or own.kafka_password(user),
        "request_timeout_ms": 5000,
    }


@asynccontextmanager
async def producer(**login: Any) -> AsyncIterator[AIOKafkaProducer]:
    writer = AIOKafkaProducer(**login)
    try:
        await writer.start()
        yield writer
    finally:
        await writer.stop()


async def write(own: Platform, user: str, topic: str) -> None:
    async with producer(**login(own, user)) as writer:
        await writer.send_and_wait(topic, b"{}", key=b"tick")


async def commit(own: Platform, user: str, group: str) -> None:
    place = TopicPartition("complaints-intake", 0)
    async with consumer(own, user, group) as reader:
        reader.assign([place])
        await reader.commit({place: 0})


async def knock(**login: Any) -> None:
    async with producer(**login):
        pass


async def read(own: Platform, user: str, topic: str) -> bytes | None:
    """The value of the first record."""
    async with consumer(own, user, f"{user}.{uuid4()}", topic) as reader:
        value: bytes | None = (await reader.getone()).value
        return value


@asynccontextmanager
async def consumer(own: Platform, user: str, group: str, *subscribed: str) -> AsyncIterator[AIOKafkaConsumer]:
    # Subscribed before its start: one subscribed later, or assigned, waits for ever where it may not read.
    reader = AIOKafkaConsumer(*subscribed, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest", **login(own, user))
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


async def test_login_needs_the_right_password(own: Platform) -> None:
    await write(own, "intake", "complaints-intake")
    with pytest.raises(KafkaConnectionError):
        await knock(**login(own, "intake", "wrong"))


async def test_nobody_comes_in_without_a_login(own: Platform) -> None:
    with pytest.raises(KafkaConnectionError):
        await knock(bootstrap_servers=own.kafka_bootstrap, request_timeout_ms=3000)


@pytest.mark.parametrize("topic", topics.load().topics)
async def test_a_topic_has_one_writer(own: Platform, topic: str) -> None:
    writer = topics.load().topics[topic].writer
    await write(own, writer, topic)
    for user in set(topics.load().users) - {writer}:
        with pytest.raises(TopicAuthorizationFailedError):
            await write(own, user, topic)


@pytest.mark.parametrize("topic", RESTRICTED)
async def test_only_the_named_service_reads_people(own: Platform, topic: str) -> None:
    declared = topics.load().topics[topic]
    await write(own, declared.writer, topic)
    readers = {"papers": "routing", "answers": "intake", "contacts": "notifications"}
    for user in {declared.writer, readers[topic]}:
        assert await read(own, user, topic) == b"{}"
    for user in set(topics.load().users) - {declared.writer, readers[topic]}:
        with pytest.raises(TopicAuthorizationFailedError):
            await read(own, user, topic)


async def test_an_agency_reads_facts_and_directory(own: Platform) -> None:
    for topic in [*FACTS, "directory"]:
        await write(own, topics.load().topics[topic].writer, topic)
        assert await read(own, "agency", topic) == b"{}"
    for topic in [*RESTRICTED, "notices"]:
        await write(own, topics.load().topics[topic].writer, topic)
        with pytest.raises(TopicAuthorizationFailedError):
            await read(own, "agency", topic)


@pytest.mark.parametrize(("user", "group"), [("stats", "stats.rebuild-2"), ("agency", "agency.example")])
async def test_a_user_joins_only_groups_of_its_own(own: Platform, user: str, group: str) -> None:
    await commit(own, user, group)
    for foreign in (user, f"{user}2", f"{user}-2.main", "routing.main", "example"):
        with pytest.raises(GroupAuthorizationFailedError):
            await commit(own, user, foreign)


async def test_a_right_that_is_no_longer_declared_is_taken_away(own: Platform) -> None:
    declared = topics.load()
    papers = declared.topics["papers"].model_copy(update={"readers": ("routing", "stats")})
    wider = declared.model_copy(update={"topics": {**declared.topics, "papers": papers}})
    passwords = {user: own.kafka_password(user) for user in declared.users}
    await write(own, "intake", "papers")
    topics.ensure(own.kafka_bootstrap, own.admin_password, passwords, wider, test=True)
    assert await read(own, "stats", "papers") == b"{}"
    own.ensure_topics()
    with pytest.raises(TopicAuthorizationFailedError):
        await read(own, "stats", "papers")


def test_partitions_are_never_changed(own: Platform) -> None:
    declared = topics.load()
    notices = declared.topics["notices"].model_copy(update={"partitions": 13})
    changed = declared.model_copy(update={"topics": {**declared.topics, "notices": notices}})
    passwords = {user: own.kafka_password(user) for user in declared.users}
    with pytest.raises(topics.BrokerRefused, match="notices has 12 partitions where 13 are declared"):
        topics.ensure(own.kafka_bootstrap, own.admin_password, passwords, changed, test=True)


def test_a_service_learns_the_ids_of_the_topics_it_reads(own: Platform) -> None:
    ids = topics.topic_ids(own.kafka_bootstrap, "stats", own.kafka_password("stats"), FACTS)
    assert len(set(ids.values())) == 3
    assert ids == topics.topic_ids(own.kafka_bootstrap, "routing", own.kafka_password("routing"), FACTS)
