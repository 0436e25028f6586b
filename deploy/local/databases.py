"""One database and two roles a service: the owner migrates, the app reads and writes rows and can change no table."""

import asyncio
from collections.abc import Callable, Sequence

import asyncpg

from deploy.local.home import Refusal


def ensure(port: int, services: Sequence[str], password: Callable[[str], str]) -> None:
    """Makes what is missing; safe to repeat. `password` gives the secret of a role ("postgres-<role>")."""
    asyncio.run(_ensure(port, services, password))


async def _ensure(port: int, services: Sequence[str], password: Callable[[str], str]) -> None:
    server = await _connect(port, "postgres", password)
    try:
        roles = {row["rolname"] for row in await server.fetch("select rolname from pg_roles")}
        databases = {row["datname"] for row in await server.fetch("select datname from pg_database")}
        await server.execute("revoke connect on database postgres from public; revoke connect on database template1 from public")
        for service in services:
            for role in (f"{service}_owner", f"{service}_app"):
                verb = "alter" if role in roles else "create"
                await server.execute(f"{verb} role {role} login password '{password(f'postgres-{role}')}'")
            if f"wasl_{service}" not in databases:
                await server.execute(f"create database wasl_{service} owner {service}_owner")
                await _grant(port, service, password)
    finally:
        await server.close()


async def _grant(port: int, service: str, password: Callable[[str], str]) -> None:
    owner, app, database = f"{service}_owner", f"{service}_app", f"wasl_{service}"
    connection = await _connect(port, database, password)
    try:
        await connection.execute(
            f"""
            revoke all on database {database} from public;
            grant connect on database {database} to {app};
            alter schema public owner to {owner};
            revoke all on schema public from public;
            grant usage on schema public to {app};
            alter default privileges for role {owner} in schema public grant select, insert, update, delete on tables to {app};
            alter default privileges for role {owner} in schema public grant usage, select on sequences to {app};
            """
        )
    finally:
        await connection.close()


async def _connect(port: int, database: str, password: Callable[[str], str]) -> asyncpg.Connection:
    secret = password("postgres-admin")
    try:
        return await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", password=secret, database=database, ssl=False)
    except asyncpg.InvalidPasswordError:
        raise Refusal("PostgreSQL was made with another admin secret than secrets/ holds; put it back, or `make reset`") from None
