"""The filing flow in containers: docker-compose.yml with the upstream images, from an empty machine to an answerable case.

Runs where a Docker engine answers and has, or can pull, the base images; elsewhere it is skipped and says why. It has a project, ports,
volumes and image tags of its own and removes them, so that it runs beside a platform started by hand.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from testcontainers.compose import DockerCompose

from deploy.local.environment import SERVICES
from deploy.local.people import Json, filing, wait
from deploy.local.ports import draw

ROOT = Path(__file__).parents[2]
BASE_IMAGES = ("python:3.13-slim", "postgres:18", "apache/kafka:4.3.1")
BUILT = ("tools", *SERVICES)

pytestmark = pytest.mark.timeout(600)  # six images built and two starts, on a busy machine


@pytest.fixture(scope="module")
def compose() -> Iterator[DockerCompose]:
    if why := _why_not():
        pytest.skip(why)
    tag = f"test-{os.getpid()}"
    names = [f"WASL_{name.upper()}_PORT" for name in (*SERVICES, "kafka")]
    settings = dict(zip(names, map(str, draw(len(names))), strict=True))
    # Filed on Monday 2 March 2026, with the clock running as fast as it does.
    settings["WASL_CLOCK"] = f"sim:2026-03-02T09:00:00.000Z,{time.time():.3f},1"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WASL_", "COMPOSE_"))]:
            patch.delenv(name)
        for name, value in {**settings, "COMPOSE_PROJECT_NAME": f"wasl-{tag}", "WASL_VERSION": tag}.items():
            patch.setenv(name, value)
        compose = DockerCompose(ROOT, build=True, env_file=os.devnull)
        try:
            yield _started(compose)
        finally:
            compose.stop()
            _docker("image", "rm", *(f"wasl-{image}:{tag}" for image in BUILT))


def test_a_complaint_is_filed_routed_and_dated_and_outlives_its_containers(compose: DockerCompose) -> None:
    receipt = _filed(public_service="electricity-outage", territory="040000000")
    page = wait(lambda: _page(receipt), lambda page: page["status"] == "with_body" and page["due"])
    assert page["body"]["id"] == "onee"
    assert page["due"]["last_day"] == "2026-05-01"
    assert page["due"]["at"] == "2026-05-01T23:00:00.000Z"
    assert page["due"]["why"][-1] == "Le dernier jour est le 1er mai 2026."

    agent = {"Authorization": f"Bearer {_token(compose, 'body-agent', 'onee')}"}
    case = httpx.get(_url("routing", f"/v1/cases/{receipt['reference']}"), headers=agent)
    assert case.json()["case"]["body"] == "onee"
    elsewhere = {"Authorization": f"Bearer {_token(compose, 'body-agent', 'cnss')}"}
    assert httpx.get(_url("routing", f"/v1/cases/{receipt['reference']}"), headers=elsewhere).status_code == 404
    wait(lambda: _mails(compose), lambda mails: receipt["reference"] in mails)
    wait(_filed_by_body, lambda rows: rows.get("onee") == 1)

    _compose(compose, "down")
    compose.build = False
    _started(compose)
    again = _page(receipt)
    assert (again["status"], again["body"], again["due"]) == ("with_body", page["body"], page["due"])
    assert _filed_by_body() == {"onee": 1}


def test_a_restarted_intake_takes_filings_while_the_broker_is_away(compose: DockerCompose) -> None:
    _compose(compose, "stop", "kafka")
    _compose(compose, "restart", "--no-deps", "intake")
    wait(lambda: _ready("intake"), bool)
    receipt = _filed(public_service="electricity-outage", territory="040000000")
    _compose(compose, "start", "kafka")
    page = wait(lambda: _page(receipt), lambda page: page["status"] == "with_body" and page["due"])
    assert page["body"]["id"] == "onee"


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_reads_its_own_secrets_and_nobody_elses(compose: DockerCompose, service: str) -> None:
    script = """import os, pathlib
assert os.getuid() != 0
readable = lambda folder: os.access(folder, os.R_OK | os.X_OK)
print(*sorted(folder.name for folder in pathlib.Path('/run/wasl').iterdir() if folder.is_dir() and readable(folder)))"""
    told, _, _ = compose.exec_in_container(["python", "-c", script], service)
    assert told.split() == [service]


def test_postgres_asks_for_a_password_inside_its_container_too(compose: DockerCompose) -> None:
    psql = ["psql", "--no-password", "--host=127.0.0.1", "--username=intake_app", "--command=select 1", "wasl_intake"]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        compose.exec_in_container(psql, "postgres")
    assert b"no password supplied" in refused.value.stderr


async def test_a_subscriber_on_this_machine_sees_facts_and_no_people(compose: DockerCompose) -> None:
    password = _run(compose, "--entrypoint", "cat", "token", "/run/wasl/operator/secrets/kafka-agency")
    facts = {"complaints-intake", "complaints-routing", "complaints-deadlines", "directory"}
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_plain_username": "agency", "sasl_plain_password": password}
    assert await _topics(sasl_mechanism="SCRAM-SHA-512", **login) == facts
    for other in ({}, {"sasl_mechanism": "SCRAM-SHA-512", **login, "sasl_plain_password": "guess"}, {"sasl_mechanism": "PLAIN", **login}):
        with pytest.raises(KafkaError):
            await _topics(**other)


def _why_not() -> str | None:
    """What this machine lacks."""
    if shutil.which("docker") is None:
        return "no docker command on this machine"
    for what, command in {"Docker engine": ("version",), "docker compose": ("compose", "version")}.items():
        if (done := _docker(*command)).returncode:
            return f"no {what} answers: {done.stderr.strip()[:200]}"
    for image in BASE_IMAGES:
        if _docker("image", "inspect", image).returncode and (done := _docker("pull", image)).returncode:
            return f"no image {image}: {done.stderr.strip()[:200]}"
    return None


def _docker(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *command], capture_output=True, text=True, timeout=300)


def _started(compose: DockerCompose) -> DockerCompose:
    """All five services ready; fails with what their containers said."""
    try:
        compose.start()
    except subprocess.CalledProcessError as failed:
        said = _docker("compose", "--project-directory", str(ROOT), "logs", "--tail", "20").stdout
        pytest.fail(f"{failed.stderr.decode()[-3000:]}\n{said[-6000:]}")
    return compose


def _url(service: str, path: str) -> str:
    return f"http://127.0.0.1:{os.environ[f'WASL_{service.upper()}_PORT']}{path}"


def _filed(**fields: str) -> Json:
    answer = httpx.post(_url("intake", "/v1/complaints"), json=filing(**fields), headers={"Idempotency-Key": str(uuid4())}, timeout=30)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _page(receipt: Json) -> Json:
    secret = {"Authorization": f"Bearer {receipt['secret']}", "Accept-Language": "fr"}
    answer = httpx.get(_url("intake", f"/v1/complaints/{receipt['reference']}"), headers=secret, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _filed_by_body() -> dict[str, int]:
    return {row["key"]: row["n"] for row in httpx.get(_url("stats", "/v1/figures?by=body"), timeout=30).json()["rows"]}


def _mails(compose: DockerCompose) -> str:
    return compose.exec_in_container(["sh", "-c", "cat /var/lib/wasl/mail/*.eml || true"], "notifications")[0]


def _token(compose: DockerCompose, role: str, body: str) -> str:
    return _run(compose, "token", "--role", role, "--body", body)


def _ready(service: str) -> bool:
    try:
        return httpx.get(_url(service, "/readyz"), timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def _run(compose: DockerCompose, *command: str) -> str:
    """What `docker compose run` of one of the tools prints."""
    return _compose(compose, "run", "--rm", *command)


def _compose(compose: DockerCompose, *command: str) -> str:
    whole = [*compose.compose_command_property, *command]
    return subprocess.run(whole, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


async def _topics(**login: str) -> set[str]:
    consumer = AIOKafkaConsumer(bootstrap_servers=f"127.0.0.1:{os.environ['WASL_KAFKA_PORT']}", request_timeout_ms=10_000, **login)
    try:
        await consumer.start()
        return set(await consumer.topics())
    finally:
        await consumer.stop()
