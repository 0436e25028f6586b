"""Migrations: one Alembic tree a service, in services/<name>/migrations/versions, run by the store's owner.

Changes expand first and contract a release later, so that replicas of the old release go on while the new one starts;
there is no downgrade.
"""

import argparse
import ast
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime import logs
from shared.runtime.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

_log = structlog.get_logger(__name__)
_ROOT = Path(__file__).resolve().parents[2]
_LOCK = 0x5741534C
"""Two processes that migrate one store take turns. The number is "WASL"."""
_LOCK_WAIT = "20s"


class ClockMismatch(Exception):
    """The store's legal times come from another clock than this process's."""


def upgrade(service: str, owner_url: str) -> None:
    """Brings a store to its service's head, all or nothing; does little when it is there already."""
    asyncio.run(upgrade_async(service, owner_url))


async def upgrade_async(service: str, owner_url: str) -> None:
    """As upgrade, within a running loop."""
    db = Database(owner_url, 1, application_name=f"wasl-{service}-migrate")
    try:
        async with db.begin() as conn:
            before = await _revisions(conn)
            if not await at_head(conn, service):
                # A change of a table that waits behind a long reader makes every later reader wait behind it.
                await conn.execute(text(f"set local lock_timeout = '{_LOCK_WAIT}'"))
                await conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                await conn.run_sync(_to_head, service)
            _log.info("store at head", store=service, before=sorted(before), now=sorted(await _revisions(conn)))
    finally:
        await db.close()


async def at_head(conn: AsyncConnection, service: str) -> bool:
    """True when the store has every migration that this release knows.

    A revision that this release does not know was made by a newer one, whose first step only expands: true as well.
    """
    found = await _revisions(conn)
    return bool(found) and (found == heads(service) or not found & set(_tree(service)))


async def stamp_clock(conn: AsyncConnection, mode: str) -> None:
    """Marks a new store with the clock that its legal times come from; ClockMismatch when it has another."""
    await conn.execute(text("insert into store_stamp (key, value) values ('clock', :mode) on conflict (key) do nothing"), {"mode": mode})
    held = (await conn.execute(text("select value from store_stamp where key = 'clock'"))).scalar_one()
    if held != mode:
        raise ClockMismatch(f"this store was made under the clock {held}, and WASL_CLOCK is {mode}: give that clock, or another store")


def heads(service: str) -> frozenset[str]:
    """The newest revisions of a service's tree, read without running it."""
    tree = _tree(service)
    if not tree:
        raise FileNotFoundError(f"no migrations of a service {service} in {_versions(service)}")
    return frozenset(tree) - {below for below in tree.values() if below}


def new(service: str, why: str) -> Path:
    """A new, empty migration after the last one, numbered."""
    from alembic import command

    number = f"{len(_tree(service)) + 1:04d}"
    command.revision(_config(service), why, head="head" if _tree(service) else "base", rev_id=number)
    return next(_versions(service).glob(f"{number}_*.py"))


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m shared.runtime.migrate <service>…`: each store as its owner, WASL_OWNER_DATABASE_URL_<SERVICE>."""
    parser = argparse.ArgumentParser(prog="python -m shared.runtime.migrate", description=main.__doc__)
    parser.add_argument("services", nargs="+", metavar="service")
    parser.add_argument("--new", metavar="WHY", help="write a new, empty migration instead")
    given = parser.parse_args(arguments)
    logs.configure("migrate", os.environ.get("WASL_LOG_FORMAT", "json"))
    urls = {service: os.environ.get(f"WASL_OWNER_DATABASE_URL_{service.upper()}", "") for service in given.services}
    missing = [service for service, url in urls.items() if not url]
    if given.new:
        for service in given.services:
            _log.info("written", path=str(new(service, given.new)))
    elif missing:
        parser.exit(2, "not set: " + ", ".join(f"WASL_OWNER_DATABASE_URL_{service.upper()}" for service in missing) + "\n")
    else:
        for service, url in urls.items():
            upgrade(service, url)


async def _revisions(conn: AsyncConnection) -> frozenset[str]:
    if (await conn.execute(text("select to_regclass('alembic_version')::text"))).scalar_one() is None:
        return frozenset()
    return frozenset((await conn.execute(text("select version_num from alembic_version"))).scalars())


def _to_head(conn: Connection, service: str) -> None:
    from alembic import command

    config = _config(service)
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _config(service: str) -> "Config":
    # Alembic is imported where it is needed: most starts find the store at head.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations_env"))
    config.set_main_option("version_locations", str(_versions(service)))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _versions(service: str) -> Path:
    return _ROOT / "services" / service / "migrations" / "versions"


def _tree(service: str) -> dict[str, str | None]:
    """Revision → the one before it."""
    files = sorted(_versions(service).glob("*.py"))
    found = [_assigned(ast.parse(path.read_text(encoding="utf-8"))) for path in files if path.name != "__init__.py"]
    return {str(names["revision"]): names["down_revision"] for names in found}


def _assigned(module: ast.Module) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for node in module.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision") and isinstance(node, ast.Assign | ast.AnnAssign):
            names[target.id] = ast.literal_eval(node.value) if node.value else None
    return names


if __name__ == "__main__":
    main()
