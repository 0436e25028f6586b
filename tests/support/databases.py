"""Databases of services for tests, freshly migrated; one that was used is emptied and used again, which is quicker than another copy."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import asyncpg

from deploy.local.platform import Platform
from shared.runtime import migrate

_names = count(1)
_templates: dict[str, "Template"] = {}
_free: dict[str, list[str]] = defaultdict(list)
"""Emptied ones, by service. There is one server a run, so none is remembered that is gone."""

_TABLES = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
_SEQUENCES = "select setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) from pg_sequences where last_value is not null"
# A copy has the object ids of its template; whoever changes the schema makes or takes some.
_SHAPE = """select (select max(oid) from pg_class), (select count(*) from pg_attribute where attnum > 0), (select count(*) from pg_trigger),
                   (select count(*) from pg_proc)"""
_FILLED = """
    select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and format('%I.%I', n.nspname, c.relname) = any($1) and pg_relation_size(c.oid) > 0"""


@dataclass(frozen=True)
class Template:
    """What a database looks like to which nothing has happened but its migrations: `made` are the rows that they wrote, by table."""

    name: str
    shape: asyncpg.Record
    made: dict[str, list[asyncpg.Record]]


async def take(platform: Platform, service: str) -> str:
    """The name of a database of its owner's and app's roles, at the head of its migrations, with nothing in it."""
    if _free[service]:
        return _free[service].pop()
    if service not in _templates:
        _templates[service] = await _template(platform, service)
    return await copied(platform, service, _templates[service].name)


async def copied(platform: Platform, service: str, template: str) -> str:
    """The name of a new database as this one is, which the service's app role may enter."""
    name = f"test_{service}_{next(_names)}"
    async with _superuser(platform, "postgres") as server:
        await server.execute(f"create database {name} template {template} owner {service}_owner")
        await server.execute(f"revoke all on database {name} from public; grant connect on database {name} to {service}_app")
    return name


async def give_back(platform: Platform, service: str, name: str) -> None:
    """For the next test, if it is then as new: one whose schema was changed is left alone."""
    template = _templates[service]
    async with _superuser(platform, name) as used:
        if await used.fetchrow(_SHAPE) != template.shape:
            return
        # Truncated: among the dead rows of a hundred tests each look would take longer, and plans be others.
        if filled := await used.fetch(_FILLED, [table for table, rows in template.made.items() if not rows]):
            await used.execute(f"truncate {', '.join(row[0] for row in filled)}")
        await used.execute(_SEQUENCES)
        if all([await used.fetch(f"select * from {table}") == rows for table, rows in template.made.items() if rows]):
            _free[service].append(name)


async def _template(platform: Platform, service: str) -> Template:
    name = f"template_{service}"
    async with _superuser(platform, "postgres") as server:
        await server.execute(f"create database {name} template wasl_{service} owner {service}_owner")
    await migrate.upgrade_async(service, platform.pg_url(name, f"{service}_owner"))
    async with _superuser(platform, name) as fresh:
        made = {row[0]: await fresh.fetch(f"select * from {row[0]}") for row in await fresh.fetch(_TABLES)}
        return Template(name, await fresh.fetchrow(_SHAPE), made)


@asynccontextmanager
async def _superuser(platform: Platform, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(platform.pg_url(database, "postgres", "postgresql"), command_timeout=30)
    try:
        yield connection
    finally:
        await connection.close()
