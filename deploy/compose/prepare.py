"""The first step of `docker compose up`: draws the platform's secrets, once, and lays out for each container what it may read.

Runs as root without a network, and again at every start: what is drawn stays. In the volume /run/wasl each reader has a folder that is
its own user's alone (0700, files 0600), so that a container that mounts the volume still sees only its own secrets. They live and go
with the data that they open: `docker compose down --volumes` takes both.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.environment import SERVICES
from deploy.local.home import Home, replace, write_private
from deploy.local.issuer import Issuer
from shared.messaging import topics

SHARE = Path("/run/wasl")
MAIL = Path("/var/lib/wasl/mail")
STATE = Path("/var/lib/wasl/state")
# docker-compose.yml runs each container as its user; the first two are those of the images.
POSTGRES, KAFKA, OPERATOR = 999, 1000, 10_000
USERS = {service: OPERATOR + number for number, service in enumerate(SERVICES, start=1)}

JAAS = """\
KafkaServer {{
  org.apache.kafka.common.security.scram.ScramLoginModule required;
  org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="{0}" user_admin="{0}";
}};
"""


def main() -> int:
    home = Home(SHARE / "operator")
    home.prepare()
    issuer = Issuer(home)
    issuer.prepare()
    kafka_users = {user: home.secret(f"kafka-{user}") for user in topics.load().users}
    owners = {service: _database(home, service, "owner") for service in SERVICES}
    give("jobs", OPERATOR, {"owners.json": json.dumps(owners), "kafka-admin": home.secret("kafka-admin"), **kafka_users})
    give("postgres", POSTGRES, {role: home.secret(f"postgres-{role}") for role in ("admin", *_roles())})
    give("kafka", KAFKA, {"jaas.conf": JAAS.format(home.secret("kafka-admin"))})
    for service in SERVICES:
        give(service, USERS[service], _settings(home, service))
    replace(SHARE / "jwks.json", issuer.jwks.read_text(encoding="utf-8"))
    _own(home.path, OPERATOR)
    _own(MAIL, USERS["notifications"])
    for service, user in USERS.items():
        (STATE / service).mkdir(mode=0o700, exist_ok=True)
        _own(STATE / service, user)
    sys.stdout.write("secrets, keys and folders are laid out\n")
    return 0


def give(folder: str, user: int, files: Mapping[str, str]) -> None:
    """Puts files there that this user alone reads; one that is as it should be is left alone."""
    path = SHARE / folder
    path.mkdir(mode=0o700, exist_ok=True)
    for name, text in files.items():
        if not (path / name).exists() or (path / name).read_text(encoding="utf-8") != text:
            write_private(path / name, text)
    _own(path, user)


def _settings(home: Home, service: str) -> dict[str, str]:
    """Files named as the settings, which the service reads from WASL_SECRETS."""
    settings = {"wasl_database_url": _database(home, service, "app"), "wasl_kafka_password": home.secret(f"kafka-{service}")}
    return settings | ({"wasl_secret_key": home.secret("secret-key")} if service == "intake" else {})


def _database(home: Home, service: str, role: str) -> str:
    return f"postgresql://{service}_{role}:{home.secret(f'postgres-{service}_{role}')}@postgres:5432/wasl_{service}"


def _roles() -> list[str]:
    return [f"{service}_{role}" for service in SERVICES for role in ("owner", "app")]


def _own(folder: Path, user: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user)


if __name__ == "__main__":
    sys.exit(main())
