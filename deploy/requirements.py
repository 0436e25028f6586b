"""The part of requirements.lock that an image needs, hashes and all, on standard output.

    python deploy/requirements.py            what every service needs
    python deploy/requirements.py intake     what that service's extra adds

The lock says below each package which packages asked for it; what is reached that way from pyproject.toml's names is needed. The image's
build lets `pip check` confirm that nothing is missing. Standard library only: it runs before anything is installed.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROJECT = "wasl"


@dataclass(frozen=True)
class Pin:
    text: str
    asked_for_by: frozenset[str]


def of_image(service: str | None, root: Path = Path()) -> dict[str, str]:
    """Package → its lines of the lock: what all images have, or for a service what it has besides."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = read((root / "requirements.lock").read_text(encoding="utf-8"))
    wanted = needed(pins, project["dependencies"])
    if service:
        wanted = needed(pins, project["dependencies"] + project["optional-dependencies"][service]) - wanted
    return {name: pins[name].text for name in sorted(wanted)}


def read(lock: str) -> dict[str, Pin]:
    """Package → its pin. The lock is a list of blocks: `name==version ; marker`, its hashes, then `# via` and who asked for it."""
    blocks = re.findall(r"^[a-z0-9].*\n(?:[ ]+.*\n?)*", lock, re.MULTILINE)
    return {_name(block): Pin(_without_comments(block), _askers(block)) for block in blocks}


def needed(pins: dict[str, Pin], requirements: Iterable[str]) -> set[str]:
    """The requirements and everything that they lead to. Raises KeyError where the lock does not know one."""
    found: set[str] = set()
    more = {_name(requirement) for requirement in requirements}
    while more:
        if unknown := more - pins.keys():
            raise KeyError(f"not in requirements.lock: {', '.join(sorted(unknown))}; `make lock` renews it")
        found |= more
        more = {name for name, pin in pins.items() if pin.asked_for_by & found} - found
    return found


def _name(requirement: str) -> str:
    """As the lock writes it: lower case, dashes."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def _without_comments(block: str) -> str:
    return "".join(line for line in block.splitlines(keepends=True) if not line.lstrip().startswith("#"))


def _askers(block: str) -> frozenset[str]:
    comments = re.findall(r"^ +# +(?:via ?)?(.*)$", block, re.MULTILINE)
    return frozenset(_name(asker) for asker in comments if asker) - {PROJECT}


if __name__ == "__main__":
    sys.stdout.write("".join(of_image(sys.argv[1] if len(sys.argv) > 1 else None).values()))
