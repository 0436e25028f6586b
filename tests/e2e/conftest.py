"""The whole platform as processes, once for all tests of this folder: an invented country, legal time in a file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.people import World
from deploy.local.platform import Platform

NORIA = Path(__file__).parents[1] / "packs" / "noria"


@pytest.fixture(scope="package")
def world(platform_folder: Path) -> Iterator[World]:
    platform = Platform(platform_folder / "e2e", clock="file", environment={"routing": {"WASL_PACK": str(NORIA)}})
    platform.set_clock("2026-03-02T09:00:00Z")
    with platform, closing(World(platform)) as world:
        yield world
