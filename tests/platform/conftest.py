"""A platform of these tests' own: they stop it, kill it and write what no other test should read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.platform import Platform


@pytest.fixture(scope="package")
def own(platform_folder: Path) -> Iterator[Platform]:
    with Platform(platform_folder / "own", services=False) as platform:
        yield platform
