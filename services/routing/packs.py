"""Loads the country pack into the directory and the rules, whole or not at all, and decides what had waited for it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeGuard
from uuid import UUID

import structlog

from services.routing import store
from services.routing.directory.changes import to_publish, unversioned
from services.routing.directory.documents import PackRefused
from services.routing.directory.domain import Rule
from services.routing.directory.pack import Pack, load
from services.routing.directory.store import Author
from services.routing.directory.writing import note
from services.routing.handlers import settle
from services.routing.triage.store import rule_set
from shared.contracts.directory import Directory, DirectoryRecord
from shared.contracts.directory_records import Editable
from shared.contracts.states import OPEN
from shared.messaging import directory
from shared.messaging.engine import Stop
from shared.messaging.node import Node
from shared.messaging.tasks import patiently
from shared.messaging.tx import Tx

log = structlog.get_logger()

PACK = Author("pack", None, "pack")
REFUSED = 8
"""Exit code of a process whose pack is broken."""
CHUNK = 500
WAITS, PAUSE_SECONDS = "the pack waits for the store", 1.0
LOOK_SECONDS = 60

Next = Callable[[Tx, UUID | None], Awaitable[list[UUID]]]


class PackConflict(Exception):
    """The pack says something else than the stored one under the same version; nothing of it is taken."""


async def keep_pack(node: Node, folder: Path | None) -> None:
    """Loads the pack at each start, and ends the process, with each mistake's file and line, when it is refused.

    Then looks, every minute, for what had waited: a batch may have read the old directory while the new one was stored.
    """
    if folder:
        try:
            pack = await asyncio.to_thread(load, folder)
            await patiently(lambda: node.run(partial(_adopt, pack)), WAITS, PAUSE_SECONDS)
        except (PackRefused, PackConflict) as refused:
            raise Stop(REFUSED, f"the pack {folder} is refused, nothing of it was loaded:\n{refused}") from refused
    while True:
        await settle_all(node)
        await asyncio.sleep(LOOK_SECONDS)


async def load_pack(node: Node, folder: str) -> int:
    """The operator's command: takes a newer pack into the store; a running service tells it. Exit code 8 where it is refused."""
    try:
        taken = await node.run(partial(adopt, pack=load(Path(folder))))
    except (PackRefused, PackConflict) as refused:
        log.error("the pack is refused, nothing of it was loaded", pack=folder, why=str(refused))
        return REFUSED
    log.info("pack loaded" if taken else "the store has this pack, or a newer one, already", pack=folder)
    return 0


async def adopt(tx: Tx, pack: Pack) -> bool:
    """Tells the records whose version is new, and takes the rules; False where the store has this pack, or a newer one, already.

    Raises PackConflict: what has changed needs a higher version, since readers keep the highest.
    """
    await store.one_loader(tx.conn)
    stored, known = await directory.load(tx.conn), await rule_set(tx.conn)
    rules = known and known.rules
    newer = stored.pack is None or pack.record.version > stored.pack.version
    if stored.pack and pack.record.version < stored.pack.version:
        log.warning("the stored pack is newer and stays", stored=stored.pack.version, given=pack.record.version)
    elif found := conflicts(pack, stored, rules):
        raise PackConflict("\n".join(found))
    if newer:
        tx.publish_directory(pack.records)
        await note(tx, PACK, "pack", stored, [record for record in to_publish(pack.records, stored) if _replaces(record, stored)])
    if newer or rules is None:
        await store.put_rules(tx.conn, pack.record.country, pack.record.version, pack.record.sha256, pack.rules)
    return newer


def _replaces(record: DirectoryRecord, stored: Directory) -> TypeGuard[Editable]:
    return isinstance(record, Editable) and record.key in stored.records


def conflicts(pack: Pack, stored: Directory, rules: tuple[Rule, ...] | None) -> list[str]:
    """Why this pack cannot follow the stored one. Files that say the same in other words (comments) are no change."""
    records = pack.records[:-1]
    if found := unversioned(records, stored):
        return found
    if stored.pack is None or pack.record.version > stored.pack.version:
        return []
    same = pack.record.model_copy(update={"sha256": stored.pack.sha256}) == stored.pack
    if same and not to_publish(records, stored) and rules in (None, pack.rules):
        return []
    return [f"the pack has changed since version {pack.record.version} was loaded: give pack.yaml a higher version"]


async def settle_all(node: Node) -> None:
    """Decides complaints that came before the pack, and moves the open cases of bodies that it has closed, in chunks."""
    await _chunks(node, _undecided)
    await _chunks(node, _with_closed_bodies)


async def _undecided(tx: Tx, after: UUID | None) -> list[UUID]:
    return await store.undecided(tx.conn, after, CHUNK)


async def _with_closed_bodies(tx: Tx, after: UUID | None) -> list[UUID]:
    closed = [body.id for body in tx.directory.bodies.values() if body.closed_on]
    return await store.held_by(tx.conn, closed, OPEN, after, CHUNK)


async def _chunks(node: Node, next_ids: Next) -> None:
    after: UUID | None = None

    async def chunk(tx: Tx) -> UUID | None:
        ids = await next_ids(tx, after)
        await settle(list((await tx.lock_many(ids)).values()), tx)
        return ids[-1] if ids else None

    while (reached := await patiently(lambda: node.run(chunk), WAITS, PAUSE_SECONDS)) is not None:
        after = reached


async def _adopt(pack: Pack, tx: Tx) -> None:
    if await adopt(tx, pack):
        counts: dict[str, int] = pack.record.counts
        log.info("pack loaded", pack=pack.record.key, version=pack.record.version, rules=len(pack.rules), **counts)
