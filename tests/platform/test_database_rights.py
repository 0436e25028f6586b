"""Each service has its database to itself, and the process that serves can change no table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.local.environment import SERVICES
from deploy.local.platform import Platform


@asynccontextmanager
async def session(own: Platform, database: str, role: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(own.pg_url(database, role, "postgresql"))
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_login_needs_the_password(own: Platform) -> None:
    url, password = own.pg_url("wasl_intake", "intake_app", "postgresql"), own.home.secret("postgres-intake_app")
    await (await asyncpg.connect(url)).close()
    for wrong in (url.replace(password, "wrong"), url.replace(f":{password}", ""), url.replace("intake_app", "postgres")):
        with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
            await asyncpg.connect(wrong)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_enters_its_own_database_and_no_other(own: Platform, service: str) -> None:
    for role in (f"{service}_app", f"{service}_owner"):
        async with session(own, f"wasl_{service}", role) as connection:
            assert await connection.fetchval("select current_user") == role
        for database in ["postgres", *(f"wasl_{other}" for other in SERVICES if other != service)]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(own.pg_url(database, role, "postgresql"))


async def test_the_app_uses_the_owners_tables_and_changes_none(own: Platform) -> None:
    async with session(own, "wasl_stats", "stats_owner") as owner, session(own, "wasl_stats", "stats_app") as app:
        await owner.execute("create table trial (id bigint generated always as identity, word text)")
        await app.execute("insert into trial (word) values ('filed')")
        await app.execute("update trial set word = word || '!'")
        assert await app.fetchval("select word from trial") == "filed!"
        await app.execute("delete from trial")
        for statement in (
            "create table mine (id int)",
            "drop table trial",
            "alter table trial add x int",
            "truncate trial",
            "create schema s",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
        await owner.execute("drop table trial")
