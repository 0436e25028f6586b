"""Facts are kept for ever: who may write a topic may still not empty, shorten or delete it, nor give rights; only the admin may."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
import stamina
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.local.platform import Platform

SECONDS = 20
REFUSALS = {"TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"}
UNSETTLED = {"NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE", "UNKNOWN_TOPIC_OR_PART"}
SHORTER = ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)
NEW_PASSWORD = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)

Work = Callable[[AdminClient, str], Any]
POWERS: dict[str, Work] = {
    "create": lambda admin, topic: admin.create_topics([NewTopic(f"{topic}-of-mine", 1, 1)]),
    "change": lambda admin, topic: admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[SHORTER])]
    ),
    "grow": lambda admin, topic: admin.create_partitions([NewPartitions(topic, 13)]),
    "empty": lambda admin, topic: admin.delete_records([TopicPartition(topic, 0, 0)]),
    "grant": lambda admin, topic: admin.create_acls([_right(AclBinding, topic)]),
    "revoke": lambda admin, topic: admin.delete_acls([_right(AclBindingFilter, topic)]),
    "give a password": lambda admin, topic: admin.alter_user_scram_credentials(
        [UserScramCredentialUpsertion("mallory", NEW_PASSWORD, b"hunter2")]
    ),
    "delete": lambda admin, topic: admin.delete_topics([topic]),
}


def _right(kind: Callable[..., Any], topic: str) -> Any:
    name, write, allow = "User:mallory", AclOperation.WRITE, AclPermissionType.ALLOW
    return kind(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, name, "*", write, allow)


def client(own: Platform, user: str) -> AdminClient:
    mechanism, password = ("PLAIN", own.admin_password) if user == "admin" else ("SCRAM-SHA-512", own.kafka_password(user))
    login = {"sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": password}
    return AdminClient({"bootstrap.servers": own.kafka_bootstrap, "security.protocol": "SASL_PLAINTEXT", "log_level": 2, **login})


class Unsettled(Exception):
    """A new topic has an owner before its partitions have leaders: what is asked then is asked again."""


@stamina.retry(on=Unsettled, attempts=None, timeout=SECONDS, wait_max=1)
def used(power: str, admin: AdminClient, topic: str) -> str:
    said = refusal(POWERS[power](admin, topic))
    if said in UNSETTLED:
        raise Unsettled(f"{power} on {topic}: {said}")
    return said


def refusal(answer: Any) -> str:
    """The broker's word for why not; empty when it was done."""
    futures: list[Future[Any]] = list(answer.values()) if isinstance(answer, dict) else [answer]
    try:
        for future in futures:
            future.result(SECONDS)
    except KafkaException as refused:
        return str(refused.args[0].name())
    return ""


def test_the_admin_may(own: Platform) -> None:
    admin = client(own, "admin")
    assert refusal(admin.create_topics([NewTopic("trial", 12, 1)])) == ""
    try:
        assert {power: used(power, admin, "trial") for power in POWERS} == dict.fromkeys(POWERS, "")
    finally:
        refusal(admin.delete_topics(["trial-of-mine"]))
        own.ensure_topics()


@pytest.mark.parametrize(("user", "topic"), [("intake", "complaints-intake"), ("routing", "directory"), ("agency", "complaints-intake")])
@pytest.mark.parametrize("power", POWERS)
def test_nobody_else_may_not_even_the_topics_writer(own: Platform, user: str, topic: str, power: str) -> None:
    asking = client(own, user)  # an answer is lost with its client
    assert used(power, asking, topic) in REFUSALS
