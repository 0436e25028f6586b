"""The role with which a service serves: it reads and writes the rows of the real schema, and can change nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.local.environment import SERVICES
from tests.support.stores import Bench, Opener

TABLES = """
    select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1"""
OWNED = """
    select relname::text from pg_class where relowner = $1::regrole
    union all select proname from pg_proc where proowner = $1::regrole
    union all select nspname from pg_namespace where nspowner = $1::regrole
    union all select datname from pg_database where datdba = $1::regrole"""
POWERS = "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = $1"
MEMBERSHIPS = "select count(*) from pg_auth_members where member = $1::regrole"
ON_A_TABLE = (
    "alter table {table} add mine int",
    "alter table {table} owner to {app}",
    "create index on {table} ((1))",
    "create trigger mine before insert on {table} execute function suppress_redundant_updates_trigger()",
    "drop table {table}",
)
ANYWHERE = (
    "create table mine (id int)",
    "create temporary table mine (id int)",
    "create view mine as select 1",
    "create function mine() returns int language sql as 'select 1'",
    "create schema mine",
    "create extension dblink",
    "create role mine",
    "create database mine",
    "alter role {app} superuser",
    "set role {owner}",
    "copy (select 1) to program 'true'",
    "select pg_read_file('pg_hba.conf')",
)


@asynccontextmanager
async def session(bench: Bench, role: str) -> AsyncIterator[asyncpg.Connection]:
    """As this role, in the service's database."""
    name = bench.node.db.engine.url.database
    assert name
    connection = await asyncpg.connect(bench.platform.pg_url(name, role, "postgresql"))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_app_changes_no_schema_and_the_owner_does(open_store: Opener, service: str) -> None:
    bench: Bench = await open_store(service)
    app, owner = f"{service}_app", f"{service}_owner"
    async with session(bench, app) as serving, session(bench, owner) as migrating:
        tables = [row[0] for row in await serving.fetch(TABLES)]
        assert {f"public.{table}" for table in ("register", "outbox", "consumer_position", "private_document")} <= set(tables)
        for table in tables:
            await serving.fetchval(f"select count(*) from {table}")
        on_tables = [statement.format(table=table, app=app) for table in tables for statement in ON_A_TABLE]
        for statement in (*on_tables, *(statement.format(app=app, owner=owner) for statement in ANYWHERE)):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await serving.execute(statement)
        for statement in (*(s.format(table="public.register", app=owner) for s in ON_A_TABLE), ANYWHERE[0]):
            await migrating.execute(statement)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_app_owns_nothing_and_neither_role_is_more_than_it_says(open_store: Opener, service: str) -> None:
    bench: Bench = await open_store(service)
    async with session(bench, f"{service}_app") as serving:
        assert await serving.fetch(OWNED, f"{service}_app") == []
        assert "register" in {row[0] for row in await serving.fetch(OWNED, f"{service}_owner")}
        for role in (f"{service}_app", f"{service}_owner"):
            assert not any(await serving.fetchrow(POWERS, role))
            assert await serving.fetchval(MEMBERSHIPS, role) == 0
