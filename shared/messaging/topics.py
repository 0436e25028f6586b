"""Topics, users and rights as deploy/topics.yaml declares them. The only module that speaks to the broker's admin interface."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from pydantic import BaseModel, ConfigDict

DECLARATION = Path(__file__).resolve().parents[2] / "deploy" / "topics.yaml"
SCRAM_ITERATIONS = 8192
ANSWER_SECONDS = 60.0
CONTACT_SECONDS = 10.0
"""For the first word: an absent broker and a refused login show themselves by silence alone."""

ConfigValue = str | int | float

AdminError = KafkaException
"""What the functions here raise where the broker is absent or refuses."""


class BrokerRefused(RuntimeError):
    """The broker cannot be brought to the declared state; the message says what differs."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(_Declared):
    config: dict[str, ConfigValue]
    test: dict[str, ConfigValue] = {}


class Topic(_Declared):
    kind: str
    partitions: int
    writer: str
    readers: tuple[str, ...]

    @property
    def all_readers(self) -> frozenset[str]:
        """The writer reads its own topic too: it recovers from it."""
        return frozenset({self.writer, *self.readers})


class Declaration(_Declared):
    """deploy/topics.yaml."""

    users: tuple[str, ...]
    replication: int = 1
    every_topic: dict[str, ConfigValue] = {}
    kinds: dict[str, Kind]
    topics: dict[str, Topic]
    test_broker: dict[str, ConfigValue] = {}

    def config(self, topic: str, *, test: bool = False) -> dict[str, str]:
        """The topic's configuration as the broker takes it; `test` puts seconds for hours."""
        kind = self.kinds[self.topics[topic].kind]
        merged = self.every_topic | kind.config | (kind.test if test else {})
        return {key: str(value) for key, value in merged.items()}


def load(path: Path = DECLARATION) -> Declaration:
    return Declaration.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def ensure(
    bootstrap: str,
    admin_password: str,
    passwords: Mapping[str, str],
    declaration: Declaration | None = None,
    *,
    test: bool = False,
    tls: bool = False,
) -> None:
    """Brings the broker to the declared state and returns once the rights are really in force; safe to repeat.

    `passwords` holds one password a declared user. Raises BrokerRefused where a topic stands with other partitions than declared (they
    are never changed), or where the broker is absent, refuses the login or an order.
    """
    declared = declaration or load()
    admin = _admin(bootstrap, "PLAIN", "admin", admin_password, tls=tls)
    try:
        admin.list_topics(timeout=CONTACT_SECONDS)
        _ensure_users(admin, {user: passwords[user] for user in declared.users})
        _ensure_topics(admin, declared, test=test)
        _ensure_rights(admin, rights(declared))
    except (KafkaException, FutureTimeout) as error:
        why = str(error) or f"no answer within {ANSWER_SECONDS:.0f} s"
        raise BrokerRefused(f"{bootstrap} is not reached, or refuses the login of user admin: {why}") from error


def topic_ids(bootstrap: str, user: str, password: str, names: Iterable[str], *, tls: bool = False) -> dict[str, str]:
    """The broker's own id of each topic, new whenever a topic is made anew. READ rights are enough."""
    admin = _admin(bootstrap, "SCRAM-SHA-512", user, password, tls=tls)
    described = admin.describe_topics(TopicCollection(list(names)), request_timeout=ANSWER_SECONDS)
    return {name: str(answer.result().topic_id) for name, answer in described.items()}


def rights(declared: Declaration) -> list[AclBinding]:
    """Write for the one writer, read for readers and writer, and the groups "<user>.<purpose>" for each user."""
    writes = [_allow(ResourceType.TOPIC, name, topic.writer, AclOperation.WRITE) for name, topic in declared.topics.items()]
    reads = [
        _allow(ResourceType.TOPIC, name, user, AclOperation.READ)
        for name, topic in declared.topics.items()
        for user in sorted(topic.all_readers)
    ]
    groups = [_allow(ResourceType.GROUP, f"{user}.", user, AclOperation.READ) for user in declared.users]
    return writes + reads + groups


def _allow(resource: ResourceType, name: str, user: str, operation: AclOperation) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if resource is ResourceType.GROUP else ResourcePatternType.LITERAL
    return AclBinding(resource, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def _admin(bootstrap: str, mechanism: str, user: str, password: str, *, tls: bool) -> AdminClient:
    return AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_SSL" if tls else "SASL_PLAINTEXT",
            "sasl.mechanism": mechanism,
            "sasl.username": user,
            "sasl.password": password,
            "log_level": 2,
        }
    )


def _settle(answers: Mapping[Any, Future[Any]]) -> None:
    for answer in answers.values():
        answer.result(ANSWER_SECONDS)


def _ensure_users(admin: AdminClient, passwords: Mapping[str, str]) -> None:
    secret = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, secret, password.encode()) for user, password in passwords.items()
    ]
    _settle(admin.alter_user_scram_credentials(wanted, request_timeout=ANSWER_SECONDS))


def _ensure_topics(admin: AdminClient, declared: Declaration, *, test: bool) -> None:
    standing = admin.list_topics(timeout=ANSWER_SECONDS).topics
    missing = [name for name in declared.topics if name not in standing]
    for name in declared.topics.keys() & standing.keys():
        found, wanted = len(standing[name].partitions), declared.topics[name].partitions
        if found != wanted:
            raise BrokerRefused(f"topic {name} has {found} partitions where {wanted} are declared; partitions are never changed")
    if missing:
        new = [
            NewTopic(name, declared.topics[name].partitions, declared.replication, config=declared.config(name, test=test))
            for name in missing
        ]
        _settle(admin.create_topics(new, request_timeout=ANSWER_SECONDS))
    _ensure_config(admin, {name: declared.config(name, test=test) for name in declared.topics if name not in missing})


def _ensure_config(admin: AdminClient, wanted: Mapping[str, Mapping[str, str]]) -> None:
    if not wanted:
        return
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in wanted]
    found = {asked.name: answer.result(ANSWER_SECONDS) for asked, answer in admin.describe_configs(resources).items()}
    changes = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            name,
            incremental_configs=[ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in different.items()],
        )
        for name, config in wanted.items()
        if (different := {key: value for key, value in config.items() if found[name][key].value != value})
    ]
    if changes:
        _settle(admin.incremental_alter_configs(changes))


def _ensure_rights(admin: AdminClient, declared: list[AclBinding]) -> None:
    wanted = {str(binding): binding for binding in declared}
    standing = _standing_rights(admin)
    if missing := [binding for text, binding in wanted.items() if text not in standing]:
        _settle(admin.create_acls(missing))
    if undeclared := [_exactly(binding) for text, binding in standing.items() if text not in wanted]:
        _settle(admin.delete_acls(undeclared))
    # create_acls is answered before the broker's authorizer applies it.
    until = time.monotonic() + ANSWER_SECONDS
    while _standing_rights(admin).keys() != wanted.keys():
        if time.monotonic() > until:
            raise BrokerRefused(f"the rights are not in force after {ANSWER_SECONDS:.0f} s")
        time.sleep(0.05)


def _standing_rights(admin: AdminClient) -> dict[str, AclBinding]:
    anything: Any = None  # the library takes None for "any", its types do not say so
    everything = AclBindingFilter(
        ResourceType.ANY, anything, ResourcePatternType.ANY, anything, anything, AclOperation.ANY, AclPermissionType.ANY
    )
    return {str(binding): binding for binding in admin.describe_acls(everything).result(ANSWER_SECONDS)}


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _password(user: str, folder: Path | None) -> str:
    """From the folder's file "<user>", as secrets are mounted, or from WASL_KAFKA_PASSWORD_<USER>."""
    if folder is not None:
        return (folder / user).read_text(encoding="utf-8").strip()
    return os.environ[f"WASL_KAFKA_PASSWORD_{user.upper()}"]


def main() -> int:
    """The job: WASL_KAFKA, WASL_KAFKA_ADMIN_PASSWORD, and WASL_KAFKA_PASSWORDS (a folder) or WASL_KAFKA_PASSWORD_<USER> for each user."""
    env = os.environ
    folder = Path(env["WASL_KAFKA_PASSWORDS"]) if "WASL_KAFKA_PASSWORDS" in env else None
    declared = load()
    declared = declared.model_copy(update={"replication": int(env.get("WASL_KAFKA_REPLICATION", declared.replication))})
    try:
        passwords = {user: _password(user, folder) for user in declared.users}
        tls = env.get("WASL_KAFKA_TLS") == "1"
        ensure(env["WASL_KAFKA"], env["WASL_KAFKA_ADMIN_PASSWORD"], passwords, declared, tls=tls)
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set")
    except (BrokerRefused, OSError) as refused:
        sys.exit(f"topics: {refused}")
    print(f"topics: {len(declared.topics)} topics, {len(declared.users)} users and {len(rights(declared))} rights as declared")
    return 0


if __name__ == "__main__":
    sys.exit(main())
