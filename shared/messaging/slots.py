"""Two slots for what a service derives from the log, one of them live: so it can be derived anew beside the one that is read.

A slot is a schema that holds the tables below and those of the service; all others stand in `public` once, for both. The one
row of public.live names the slot in use, and every transaction begins by asking it. A batch asks under a lock that `switch`
waits for: no batch is ever written to a slot that has been left, and what it would have held is never missing from the new one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime.db import Database

SLOTS = ("public", "twin")
ENGINE_TABLES = ("register", "consumer_position", "directory_record", "dead_letters")

OPENING = "select set_config('search_path', slot || ', public', true) from public.live"
BATCH_OPENING = f"{OPENING} for key share"

_BUILDER = 0x5457494E
"""The lock of whoever fills the slot that is not live. The number is "TWIN"."""
_TRY = text("select pg_try_advisory_lock(:lock)")
_UNLOCK = text("select pg_advisory_unlock(:lock)")
_LIVE = text("select slot from public.live")
_HOLD = text("lock table public.live in exclusive mode")
_SWITCH = text("update public.live set slot = :slot")
_OLDER = text("""
    select count(*) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid() and xact_start <= :moment""")
_NOW = text("select clock_timestamp()")


def create(tables: Sequence[str]) -> list[str]:
    """The statements of a migration that gives a store its second slot, with these tables of the service beside the engine's.

    The rights are those that others than the owner have on the first slot, and that of emptying a slot at once.
    """
    names = (*ENGINE_TABLES, *tables)
    twins = [f"create table twin.{name} (like public.{name} including all)" for name in names]
    both = ", ".join(f"{slot}.{name}" for slot in SLOTS for name in names)
    return [
        "create schema twin",
        *twins,
        "create table live (slot text primary key check (slot in ('public', 'twin')))",
        "insert into live values ('public')",
        f"""do $$ declare app text; begin
            for app in select distinct grantee from information_schema.table_privileges
                       where table_schema = 'public' and table_name = 'register' and grantee <> current_user loop
                execute format('grant usage on schema twin to %I', app);
                execute format('grant select, insert, update, delete on all tables in schema twin to %I', app);
                execute format('grant truncate on {both} to %I', app);
            end loop;
        end $$""",  # noqa: S608 -- the names come from the migration
    ]


def other(slot: str) -> str:
    return SLOTS[1 - SLOTS.index(slot)]


def opening(slot: str) -> str:
    """For who works in one slot, live or not."""
    return f"set local search_path to {SLOTS[SLOTS.index(slot)]}, public"


async def live(conn: AsyncConnection) -> str:
    return str((await conn.execute(_LIVE)).scalar_one())


@asynccontextmanager
async def sole_builder(db: Database) -> AsyncIterator[bool]:
    """Whether nobody else fills the other slot. The lock ends with the block, or with this process however it ends."""
    async with db.engine.connect() as plain:
        conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
        mine = bool((await conn.execute(_TRY, {"lock": _BUILDER})).scalar_one())
        try:
            yield mine
        finally:
            if mine:
                await conn.execute(_UNLOCK, {"lock": _BUILDER})


async def hold(conn: AsyncConnection) -> str:
    """The live slot, which cannot change, and into which no batch is written, until this transaction ends; readers go on."""
    await conn.execute(_HOLD)
    return await live(conn)


async def switch(conn: AsyncConnection, slot: str) -> None:
    """Makes this slot the live one at the end of the transaction, which must hold the live one."""
    await conn.execute(_SWITCH, {"slot": slot})


async def empty(db: Database, slot: str, tables: Sequence[str], seconds: float = 60) -> bool:
    """Empties a slot that is not live, once every transaction has ended that may have begun while it was; False if one did not in time.

    A truncated table is empty for older snapshots too, so nobody may still have one.
    """
    async with db.engine.begin() as conn:
        moment = (await conn.execute(_NOW)).scalar_one()
    until = time.monotonic() + seconds
    while await _older(db, moment):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.05)
    names = ", ".join(f"{SLOTS[SLOTS.index(slot)]}.{name}" for name in (*ENGINE_TABLES, *tables))
    async with db.engine.begin() as conn:
        await conn.execute(text(f"truncate {names}"))
    return True


async def _older(db: Database, moment: object) -> int:
    async with db.engine.begin() as conn:
        return int((await conn.execute(_OLDER, {"moment": moment})).scalar_one())
