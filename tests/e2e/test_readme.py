"""The README's lines, run as they are printed, against a platform with the pack that `make up` loads."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.environment import FIRST_PORT, SERVICES
from deploy.local.home import REPO
from deploy.local.people import Citizen, World, wait
from deploy.local.platform import Platform

README = (REPO / "README.md").read_text(encoding="utf-8")
SECONDS = 90


@pytest.fixture(scope="module")
def morocco(platform_folder: Path) -> Iterator[World]:
    platform = Platform(platform_folder / "readme")
    with platform, closing(World(platform)) as world:
        yield world


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[number]


def here(lines: str, world: World) -> str:
    """The same lines for a platform on other ports and in another folder; nothing else is changed."""
    for number, service in enumerate(SERVICES):
        lines = lines.replace(f":{FIRST_PORT + number}", f":{world.platform.ports[service]}")
    return lines.replace(".wasl/", f"{world.platform.home.path}/")


def environment(world: World) -> dict[str, str]:
    """Of a person's shell: not that of the make which runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "WASL_"))}
    return {**kept, "WASL_HOME": str(world.platform.home.path)}


@pytest.mark.timeout(240)
def test_the_curl_lines_tell_a_whole_story(morocco: World) -> None:
    lines = here(block("sh"), morocco) + '\necho "$reference $secret"\n'
    done = subprocess.run(["sh", "-eu"], input=lines, capture_output=True, text=True, cwd=REPO, env=environment(morocco), timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    reference, secret = done.stdout.split()[-2:]
    citizen = Citizen(morocco, {"reference": reference, "secret": secret})
    page = citizen.follow()
    assert [moment["code"] for moment in page["timeline"]] == [
        "complaint-filed",
        "complaint-routed",
        "complaint-qualified",
        "complaint-taken-up",
        "response-posted",
        "response-rated",
    ]
    assert (page["body"]["id"], page["response"]["reasons"]) == ("commune-061410100", "It is ready at counter 4.")
    for shown in ('"due_at"', '"cases"', '"why"', '"notices"', '"in_time_rate"', '"satisfied": true'):
        assert shown in done.stdout


@pytest.mark.timeout(240)
def test_the_consumer_prints_what_happens(morocco: World, tmp_path: Path) -> None:
    (tmp_path / "agency.py").write_text(block("python"), encoding="utf-8")
    start = here(block("sh", 1), morocco).replace(".venv/bin/python agency.py", f"exec {sys.executable} -u {tmp_path / 'agency.py'}")
    citizen = morocco.file(public_service="birth-certificate", territory="061410100")
    citizen.until(lambda page: page["due"])
    printed = tmp_path / "printed.txt"
    with open(printed, "wb") as out:
        process = subprocess.Popen(
            ["sh", "-euc", start], stdout=out, stderr=subprocess.STDOUT, cwd=REPO, env=environment(morocco), start_new_session=True
        )
        try:
            expected = [f"wasl.{fact}.v1 {citizen.reference} 1" for fact in ("complaint-filed", "complaint-routed", "deadline-set")]
            wait(printed.read_text, lambda text: all(line in text.splitlines() for line in expected), SECONDS)
        finally:
            process.kill()
            process.wait()
