"""What is known without the log of whether a store is an older copy of itself, and what a node does with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.platform import Platform
from shared.messaging.node import Node
from shared.messaging.spec import Spec
from shared.messaging.tally import Tally
from shared.runtime.errors import Problem
from tests.support.probe import file, fresh_store, node_on, rows

NOBODY = "127.0.0.1:1"
"""Where no broker listens."""


class Desk:
    """One store of intake whose nodes keep their notes in one folder; `copy` and `put_back` are a backup of it."""

    def __init__(self, platform: Platform, store: str, notes: Path) -> None:
        self.platform, self.store, self.notes = platform, store, notes
        self._running: list[Node] = []

    async def start(self, **settings: Any) -> Node:
        node = node_on(self.platform, self.store, Spec("intake", ()), state_dir=self.notes, **settings)
        self._running.append(node)
        await node.start()
        return node

    async def stop(self) -> None:
        while self._running:
            await self._running.pop().stop()

    async def lived(self, filings: int) -> None:
        """A life of a node on the real broker, until all that it filed has left."""
        node = await self.start()
        await until(lambda: node.relay is not None)
        for _ in range(filings):
            await file(node)
        await sent(node)
        await self.stop()

    async def copy(self) -> None:
        await self._server(f"create database {self.store}_copy template {self.store} owner intake_owner")

    async def put_back(self) -> None:
        await self._server(f"drop database {self.store}", f"alter database {self.store}_copy rename to {self.store}")

    async def _server(self, *statements: str) -> None:
        server = await asyncpg.connect(self.platform.pg_url("postgres", "postgres", "postgresql"))
        for statement in statements:
            await server.execute(statement)
        await server.close()


@pytest.fixture
async def desk(broker_and_database: Platform, tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(broker_and_database, await fresh_store(broker_and_database, "intake"), tmp_path / "notes")
    yield made
    await made.stop()


async def until(condition: object, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def sent(node: Node) -> None:
    """Until nothing waits, neither what was filed nor what a fresh store tells again of those erased on the shared log."""
    while await rows(node, "select 1 from outbox limit 1"):
        await asyncio.sleep(0.02)


async def takes_commands(node: Node) -> bool:
    """Once the node has tried to reach the log, and did not."""
    await until(lambda: "store" not in node.readiness.reasons and node.readiness.reasons.get("log") != "not checked yet")
    refused: list[str] = []
    try:
        await node.command(lambda tx: asyncio.sleep(0))
    except Problem as problem:
        refused.append(problem.code)
    assert refused in ([], ["starting"])
    return not refused


async def test_a_store_that_was_left_as_it_is_takes_commands_without_the_broker(desk: Desk) -> None:
    await desk.lived(filings=2)
    node = await desk.start(kafka=NOBODY)
    assert await takes_commands(node)
    assert "log" not in node.readiness.reasons


async def test_an_older_copy_waits_for_the_log_and_then_counts_on(desk: Desk) -> None:
    await desk.lived(filings=1)
    await desk.copy()
    await desk.lived(filings=1)
    await desk.put_back()
    assert not await takes_commands(await desk.start(kafka=NOBODY))
    await desk.stop()
    await desk.lived(filings=0)
    assert await takes_commands(await desk.start(kafka=NOBODY))


async def test_a_copy_after_which_nothing_left_is_as_good_as_the_store(desk: Desk) -> None:
    await desk.lived(filings=1)
    await desk.copy()
    await desk.put_back()
    assert await takes_commands(await desk.start(kafka=NOBODY))


@pytest.mark.parametrize("notes", ["none", "of another store", "that cannot be read"])
async def test_without_a_note_of_this_store_the_log_is_awaited(desk: Desk, notes: str) -> None:
    await desk.lived(filings=1)
    (note,) = desk.notes.iterdir()
    if notes == "none":
        note.unlink()
    elif notes == "of another store":
        note.write_text(f"{'0' * 36} {1:020d}", encoding="utf-8")
    else:
        (desk.notes / "intake.1").write_text("", encoding="utf-8")
    assert not await takes_commands(await desk.start(kafka=NOBODY))


async def test_what_another_replica_sent_counts(desk: Desk) -> None:
    await desk.lived(filings=1)
    await desk.copy()
    node = await desk.start(replica="1")
    await until(lambda: node.relay is not None)
    await file(node)
    await sent(node)
    await desk.stop()
    await desk.put_back()
    assert not await takes_commands(await desk.start(kafka=NOBODY))


async def test_a_round_is_noted_before_it_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await desk.start()
    await until(lambda: node.relay is not None)
    await sent(node)
    before = {path.name: path.read_text(encoding="utf-8") for path in desk.notes.iterdir()}
    held = asyncio.Event()

    async def stuck(tally: Tally, count: int) -> None:
        held.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(Tally, "note", stuck)
    await file(node)
    async with asyncio.timeout(10):
        await held.wait()
    await asyncio.sleep(0.2)
    assert await rows(node, "select count(*) from outbox") == [(1,)]
    assert {path.name: path.read_text(encoding="utf-8") for path in desk.notes.iterdir()} == before
