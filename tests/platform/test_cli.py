"""The command line as a person meets it: a process, its exit code and what it prints."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from deploy.local.home import REPO
from deploy.local.platform import Platform
from deploy.local.processes import clean_environment
from shared.messaging import topics


def wasl(home: Path, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    env = clean_environment() | {"WASL_HOME": str(home)}
    command = [sys.executable, "-m", "deploy.local.cli", *arguments]
    return subprocess.run(command, input=answer, capture_output=True, text=True, cwd=REPO, env=env, timeout=60)


def test_token_prints_a_token_and_nothing_else(tmp_path: Path) -> None:
    done = wasl(tmp_path / "home", "token", "--role", "body-agent", "--body", "commune-061410100")
    (key,) = jwt.PyJWKSet.from_json((tmp_path / "home" / "issuer" / "jwks.json").read_text()).keys
    claims = jwt.decode(done.stdout.strip(), key, algorithms=["ES256"], audience="wasl", issuer="wasl-local")
    assert done.stderr == ""
    assert (claims["role"], claims["body"]) == ("body-agent", "commune-061410100")
    assert claims["exp"] - claims["iat"] == 12 * 3600


@pytest.mark.parametrize("wrong", [["--role", "king"], ["--role", "body-agent"], ["--role", "auditor", "--body", "commune-061410100"]])
def test_a_token_that_nobody_may_have_is_refused(tmp_path: Path, wrong: list[str]) -> None:
    done = wasl(tmp_path / "home", "token", *wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert "role" in done.stderr


def test_reset_deletes_only_after_a_yes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    wasl(home, "token", "--role", "auditor")
    assert wasl(home, "reset", answer="n\n").returncode == 1
    assert home.exists()
    assert wasl(home, "reset", answer="y\n").returncode == 0
    assert not home.exists()


def test_reset_touches_no_folder_that_is_not_a_platforms(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    done = wasl(tmp_path, "reset", "--yes")
    assert done.returncode == 1
    assert "does not look like a platform's folder" in done.stderr
    assert (tmp_path / "thesis.txt").exists()


def test_reset_leaves_a_running_platform_alone(own: Platform) -> None:
    done = wasl(own.home.path, "reset", "--yes")
    assert done.returncode == 1
    assert "is running" in done.stderr
    assert own.kafka.running()


def test_up_names_the_port_that_is_taken(tmp_path: Path) -> None:
    try:
        taken = socket.create_server(("127.0.0.1", 8003))
    except OSError:  # whoever has it serves this test as well
        taken = socket.socket()
    with taken:
        done = wasl(tmp_path / "home", "up")
    assert done.returncode == 1
    assert "port 800" in done.stderr
    assert "--free-ports" in done.stderr


def test_env_gives_a_services_settings_to_a_shell(own: Platform) -> None:
    done = wasl(own.home.path, "env", "stats")
    assert f"export WASL_PORT={own.ports['stats']}" in done.stdout.splitlines()
    assert wasl(own.home.path / "nowhere", "env").returncode == 1


def test_the_topics_job_runs_with_passwords_from_a_folder(own: Platform, tmp_path: Path) -> None:
    for user in topics.load().users:
        (tmp_path / user).write_text(own.kafka_password(user))
    settings = {"WASL_KAFKA": own.kafka_bootstrap, "WASL_KAFKA_ADMIN_PASSWORD": own.admin_password, "WASL_KAFKA_PASSWORDS": str(tmp_path)}
    job = [sys.executable, "-m", "shared.messaging.topics"]
    done = subprocess.run(job, capture_output=True, text=True, cwd=REPO, env=clean_environment() | settings, timeout=60)
    own.ensure_topics()  # the job knows production's times only
    assert (done.returncode, done.stdout) == (0, "topics: 8 topics, 6 users and 46 rights as declared\n")
    wrong = settings | {"WASL_KAFKA_ADMIN_PASSWORD": "wrong"}
    assert subprocess.run(job, capture_output=True, cwd=REPO, env=clean_environment() | wrong, timeout=60).returncode == 1


def test_the_state_on_record_holds_no_secret(own: Platform) -> None:
    state = (own.home / "state.json").read_text()
    assert json.loads(state)["ports"] == own.ports
    assert not [path.name for path in (own.home / "secrets").iterdir() if path.read_text() in state]
