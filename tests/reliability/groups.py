"""The broker's side of a world, with its admin's login: who reads which partition, and topics that go away."""

import asyncio
import time
from collections.abc import Iterable
from functools import cache

from confluent_kafka.admin import AdminClient

from shared.messaging.positions import Place
from tests.reliability.world import World


def admin(world: World) -> AdminClient:
    return _admin(world.platform.kafka_bootstrap, world.platform.admin_password)


@cache
def _admin(servers: str, password: str) -> AdminClient:
    """Kept: what is asked of a client that is gone is never answered."""
    login: dict[str, str | int | float | bool] = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "admin",
        "sasl.password": password,
        "bootstrap.servers": servers,
    }
    return AdminClient(login)


async def assigned(world: World, service: str, replica: str = "0") -> set[Place]:
    """The partitions that this replica reads now; none while the group is finding that out."""
    group, client = f"{service}.main", admin(world)
    told = await asyncio.to_thread(client.describe_consumer_groups([group])[group].result, 10)
    mine = [member for member in told.members if member.group_instance_id == f"{group}.{replica}"]
    return {(place.topic, place.partition) for member in mine for place in member.assignment.topic_partitions}


def delete_topics(world: World, names: Iterable[str]) -> None:
    client = admin(world)
    for answer in client.delete_topics(list(names)).values():
        answer.result(30)
    while set(names) & client.list_topics(timeout=30).topics.keys():
        time.sleep(0.05)
