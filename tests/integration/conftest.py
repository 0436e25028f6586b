"""Services on real databases, one fresh database a test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.platform import Platform
from services.routing.directory.pack import load
from tests.support.desks import Desks, open_desks
from tests.support.stores import Bench, Opener, open_bench

NORIA = load(Path(__file__).parents[1] / "packs" / "noria").records


@pytest.fixture
async def open_store(broker_and_database: Platform, tmp_path: Path) -> AsyncIterator[Opener]:
    """await open_store("intake", clock_at="2026-03-02T10:00:00Z") gives a Bench; closed at the test's end."""
    opened: list[Bench] = []

    async def opener(service: str, clock_at: str = "2026-03-02T10:00:00Z", **settings: Any) -> Bench:
        opened.append(await open_bench(broker_and_database, tmp_path, service, clock_at, NORIA, **settings))
        return opened[-1]

    yield opener
    for bench in opened:
        await bench.close()


@pytest.fixture
async def desks(open_store: Opener) -> AsyncIterator[Desks]:
    """Routing with the pack of Noria, and its desks over HTTP."""
    opened = await open_desks(open_store)
    async with opened.client:
        yield opened
