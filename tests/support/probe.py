"""A consumer of a test's own: any Spec on a fresh store that has the engine's tables and one for effects, without unique keys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from deploy.local.platform import Platform
from shared.contracts.complaint import Header
from shared.contracts.states import Case, Filing
from shared.messaging import tables
from shared.messaging.murmur import partition_of
from shared.messaging.node import Node
from shared.messaging.registers import Change, Registers
from shared.messaging.spec import Spec
from shared.messaging.tx import Tx
from shared.runtime.clock import RealClock
from shared.runtime.ids import new_reference, uuid7
from shared.runtime.settings import Settings
from tests.support import databases

FACTS = ("complaints-intake", "complaints-routing", "complaints-deadlines")
_EFFECT = text("insert into effect (complaint_id, versions) values (:id, :versions)")


def new_header() -> Header:
    now = RealClock().now()
    return Header(
        id=uuid7(now),
        reference=new_reference(),
        procedure="complaint@1",
        filed_at=now,
        recorded_at=now,
        channel="web",
        territory="010000000",
    )


async def note_effects(changes: Sequence[Change], tx: Tx) -> None:
    """One row each time the engine says that a complaint moved: a doubled effect is a second row."""
    rows = [{"id": c.complaint_id, "versions": [c.after.intake_version, c.after.routing_version]} for c in changes]
    await tx.conn.execute(_EFFECT, rows)


async def fresh_store(platform: Platform, service: str) -> str:
    """A database of the service's roles with the engine's tables; returns its name."""
    name = await databases.copied(platform, service, f"wasl_{service}")
    owner = await asyncpg.connect(platform.pg_url(name, f"{service}_owner", "postgresql"))
    try:
        await owner.execute(tables.CREATE + "create table effect (complaint_id uuid, versions int[]);")
        # A revision that this release does not know counts as that of a newer one.
        await owner.execute("create table alembic_version (version_num text); insert into alembic_version values ('probe')")
    finally:
        await owner.close()
    return name


def node_on(platform: Platform, store: str, spec: Spec, purpose: str = "main", **settings: Any) -> Node:
    given: dict[str, Any] = {name[5:].lower(): value for name, value in platform.env(spec.name).items()}
    given |= {"database_url": platform.pg_url(store, f"{spec.name}_app"), "clock": "real"} | settings
    return Node(spec, Settings(**given), purpose)


async def file(node: Node, header: Header | None = None) -> UUID:
    """Publishes the first fact of a complaint through an intake node."""
    filed = header or new_header()

    async def work(tx: Tx) -> UUID:
        tx.publish(Registers.new(filed, partition_of(str(filed.id))), "complaint-filed", Filing(language="fr"), by="citizen")
        return filed.id

    return await node.run(work)


async def again(node: Node, id: UUID) -> int:
    """Publishes one more version of a complaint through an intake node; returns the version."""

    async def work(tx: Tx) -> int:
        known = await tx.lock(id)
        assert known
        assert known.intake
        return tx.publish(known, "response-rated", known.intake, by="citizen").intake_version

    return await node.run(work)


def case(status: str = "triage") -> Case:
    return Case(status=status, kind="complaint")


async def rows(node: Node, statement: str, **parameters: Any) -> list[Any]:
    async with node.db.begin() as conn:
        return list((await conn.execute(text(statement), parameters)).all())
