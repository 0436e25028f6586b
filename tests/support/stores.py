"""A service on a real, freshly migrated database, without a broker: the engine is fed by hand, through its own path."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from deploy.local.platform import Platform
from shared.contracts.base import Contract, to_milliseconds
from shared.contracts.directory import DirectoryRecord
from shared.contracts.events import Cause, Fact
from shared.contracts.private import Private
from shared.contracts.registry import DIRECTORY, NOTICES, PRIVATE_TOPICS, TOPICS, WRITERS
from shared.messaging import directory
from shared.messaging.murmur import partition_of
from shared.messaging.node import Node
from shared.messaging.records import RawRecord
from shared.messaging.registers import FACT_OF, writer_of
from shared.messaging.service import Service
from shared.runtime.clock import set_file_clock
from tests.support import databases
from tests.support.apps import service_named


@dataclass
class Bench:
    """One service under test: its node (never started), its clock's file, and what the log would have given it."""

    service: Service
    node: Node
    clock: Path
    platform: Platform
    _ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def at(self, instant: str | datetime) -> None:
        """Moves legal time."""
        set_file_clock(self.clock, datetime.fromisoformat(instant) if isinstance(instant, str) else instant)

    async def deliver(self, *bodies: Contract) -> None:
        """Hands facts, documents and records to the engine as one batch; fails where one was parked or the consumer stopped."""
        await self.deliver_raw([self.raw(body) for body in bodies])
        assert self.node.failed is None, self.node.failed
        async with self.node.db.begin() as conn:
            reasons = (await conn.execute(text("select reason from dead_letters"))).scalars().all()
        assert not reasons, reasons

    async def deliver_raw(self, records: Sequence[RawRecord]) -> None:
        await self.node.engine.batch(records)

    def raw(self, body: Contract) -> RawRecord:
        """The record that the broker would give for it, at the next offset of its partition."""
        topic, key = _place(body)
        partition = 0 if topic == DIRECTORY else partition_of(key)
        offset = self._ends.get((topic, partition), 0)
        self._ends[topic, partition] = offset + 1
        return RawRecord(topic, partition, offset, key.encode(), body.model_dump_json(by_alias=True).encode())

    async def outbox(self) -> list[tuple[str, Any]]:
        """What was told and has not left, oldest first: (name of the fact or topic, its body or None for a tombstone)."""
        async with self.node.db.begin() as conn:
            rows = (await conn.execute(text("select topic, headers->>'ce_type' as type, value from outbox order by id"))).all()
        return [(_name(r.type, r.topic), r.value and TOPICS[r.topic].model.model_validate_json(bytes(r.value))) for r in rows]

    async def take_outbox(self) -> list[tuple[str, Any]]:
        """As outbox, and empties it, as the relay would."""
        told = await self.outbox()
        await self.execute("delete from outbox")
        return told

    async def execute(self, statement: str, **parameters: Any) -> Any:
        async with self.node.db.begin() as conn:
            result = await conn.execute(text(statement), parameters)
            return result.all() if result.returns_rows else None

    async def waits_for_a_lock(self) -> bool:
        """Whether anybody in this store does. Asked in a transaction of its own: one is shown the same activity for as long as it lasts."""
        query = "select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return bool((await self.execute(query))[0].n)

    async def close(self) -> None:
        """Puts everything down; the database is another test's then."""
        await self.node.stop()
        await databases.give_back(self.platform, self.service.name, str(self.node.db.engine.url.database))

    @contextmanager
    def beside(self, module: str) -> Iterator[subprocess.Popen[bytes]]:
        """A second process on this store, with this one's settings, to be killed: this module of tests.support is run."""
        given = self.node.settings.model_dump(mode="json", exclude_none=True)
        environment = os.environ | {f"WASL_{name.upper()}": str(value) for name, value in given.items()}
        process = subprocess.Popen([sys.executable, "-m", f"tests.support.{module}"], env=environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def client(self) -> httpx.AsyncClient:
        """HTTP to the service's own application, in this process."""
        transport = httpx.ASGITransport(self.service.app(self.node), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{self.service.name}")

    def token(self, role: str, body: str | None = None, sub: str | None = None, *, restricted: bool = False) -> dict[str, str]:
        """The Authorization header of a member of staff; sub: one of several of the same role; restricted: of the restricted desk."""
        return {"Authorization": f"Bearer {self.platform.token(role, body, sub, restricted=restricted)}"}


def fact(writer: str, header: Any, version: int, state: Any, *, by: str = "test", reason: str | None = None) -> Fact:
    """A fact of a writer (intake, routing, deadlines) with its whole state."""
    model = FACT_OF[writer]
    return model(complaint=header, version=version, change=Cause(by=by, reason=reason), **{model.state_field: state})


async def open_bench(
    platform: Platform, folder: Path, service: str, clock_at: str, records: Sequence[DirectoryRecord], **settings: Any
) -> Bench:
    """A fresh database for the service, migrated by its owner, opened by its app role, the directory in it."""
    found = service_named(service)
    name = await databases.take(platform, service)
    clock = folder / f"{name}.clock"
    set_file_clock(clock, to_milliseconds(datetime.fromisoformat(clock_at)))
    environment = {name[5:].lower(): value for name, value in platform.env(service).items()}
    given = environment | {"database_url": platform.pg_url(name, f"{service}_app"), "clock": f"file:{clock}"} | settings
    node = found.node(found.settings(**given))
    node.recovered = True
    node.engine.topic_ids = dict.fromkeys(TOPICS, "test")
    async with node.db.begin() as conn:
        await directory.upsert(conn, records)
    return Bench(found, node, clock, platform)


def _place(body: Contract) -> tuple[str, str]:
    if isinstance(body, Fact):
        return WRITERS[writer_of(body)], str(body.complaint.id)
    if isinstance(body, Private):
        return next(topic for topic, model in PRIVATE_TOPICS.items() if isinstance(body, model)), str(body.complaint_id)
    if isinstance(body, DirectoryRecord):
        return DIRECTORY, body.key
    return NOTICES, str(getattr(body, "complaint_id"))  # noqa: B009


def _name(type: str | None, topic: str) -> str:
    return type.removeprefix("wasl.").removesuffix(".v1") if type else topic


Opener = Callable[..., Any]
