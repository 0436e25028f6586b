"""Migrations of a trial service on a real store: as its owner to the head, as its app looking on."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.runtime import migrate
from shared.runtime.db import Database, sqlstate, transient
from tests.support.own_postgres import SERVICE, OwnPostgres, own_postgres

FIRST = """
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("create table store_stamp (key text primary key, value text not null)")
"""
SECOND = """
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.execute("create table made (n int)")
    op.execute("insert into made values (1)")
"""
BROKEN = (
    SECOND.replace("0002", "0003")
    .replace('"0001"', '"0002"')
    .replace("create table made (n int)", "create table half (n int)")
    .replace("into made", "into absent")
)


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    versions = tmp_path / "services" / SERVICE / "migrations" / "versions"
    versions.mkdir(parents=True)
    monkeypatch.setattr(migrate, "_ROOT", tmp_path)
    (versions / "0001_stamp.py").write_text(FIRST)
    return versions


@pytest_asyncio.fixture
async def app(server: OwnPostgres) -> AsyncIterator[Database]:
    """The app's own view of an empty store."""
    owner = Database(server.url("owner"), 1)
    async with owner.begin() as conn:
        await conn.execute(text("drop table if exists alembic_version, store_stamp, made, half"))
    await owner.close()
    app = Database(server.url("app"), 2)
    yield app
    await app.close()


async def at_head(app: Database) -> bool:
    async with app.begin() as conn:
        return await migrate.at_head(conn, SERVICE)


async def count(app: Database, table: str) -> object:
    async with app.begin() as conn:
        return (await conn.execute(text(f"select count(*) from {table}"))).scalar()


async def test_a_store_goes_to_its_head_step_by_step_and_the_app_sees_it(server: OwnPostgres, tree: Path, app: Database) -> None:
    assert not await at_head(app)
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert await at_head(app)
    (tree / "0002_made.py").write_text(SECOND)
    assert not await at_head(app)
    for _ in range(2):
        await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert await at_head(app)
    assert await count(app, "made") == 1


async def test_a_migration_that_fails_leaves_the_store_as_it_was(server: OwnPostgres, tree: Path, app: Database) -> None:
    (tree / "0002_made.py").write_text(SECOND)
    (tree / "0003_broken.py").write_text(BROKEN)
    with pytest.raises(ProgrammingError):
        await migrate.upgrade_async(SERVICE, server.url("owner"))
    with pytest.raises(ProgrammingError):
        await count(app, "made")
    (tree / "0003_broken.py").unlink()
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert await count(app, "made") == 1


async def test_many_processes_that_migrate_at_once_migrate_once(server: OwnPostgres, tree: Path, app: Database) -> None:
    (tree / "0002_made.py").write_text(SECOND)
    await asyncio.gather(*(asyncio.to_thread(migrate.upgrade, SERVICE, server.url("owner")) for _ in range(4)))
    assert await count(app, "made") == 1


async def test_a_store_of_a_newer_release_is_good_for_this_one(server: OwnPostgres, tree: Path, app: Database) -> None:
    (tree / "0002_made.py").write_text(SECOND)
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    (tree / "0002_made.py").unlink()
    assert await at_head(app)
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert await count(app, "made") == 1


async def test_a_migration_does_not_make_readers_queue_for_ever(
    server: OwnPostgres, tree: Path, app: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_LOCK_WAIT", "200ms")
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    (tree / "0002_alter.py").write_text(SECOND.replace("create table made (n int)", "alter table store_stamp add column n int"))
    async with app.begin() as reader:
        await reader.execute(text("select * from store_stamp"))
        with pytest.raises(Exception, match="lock timeout") as waited:
            await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert sqlstate(waited.value) == "55P03"
    assert transient(waited.value)


async def test_the_app_cannot_migrate(server: OwnPostgres, tree: Path, app: Database) -> None:
    with pytest.raises(ProgrammingError) as refused:
        await migrate.upgrade_async(SERVICE, server.url("app"))
    assert sqlstate(refused.value) == "42501"


async def test_the_clock_of_a_store_is_stamped_once(server: OwnPostgres, tree: Path, app: Database) -> None:
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    for _ in range(2):
        async with app.begin() as conn:
            await migrate.stamp_clock(conn, "real")
    with pytest.raises(migrate.ClockMismatch, match="under the clock real, and WASL_CLOCK is file"):
        async with app.begin() as conn:
            await migrate.stamp_clock(conn, "file")


async def test_a_new_migration_follows_the_last(server: OwnPostgres, tree: Path, app: Database) -> None:
    path = migrate.new(SERVICE, "Hold what was said")
    assert path.name == "0002_hold_what_was_said.py"
    assert migrate.heads(SERVICE) == {"0002"}
    await migrate.upgrade_async(SERVICE, server.url("owner"))
    assert await at_head(app)


def test_the_command_names_the_variables_that_it_misses() -> None:
    command = [sys.executable, "-m", "shared.runtime.migrate", "intake", "stats"]
    env = {**os.environ, "WASL_OWNER_DATABASE_URL_INTAKE": "postgresql://unused/unused"}
    done = subprocess.run(command, env=env, cwd=Path(migrate.__file__).parents[2], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "not set: WASL_OWNER_DATABASE_URL_STATS\n")


async def test_the_command_migrates_each_service_it_is_given(
    server: OwnPostgres, tree: Path, app: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"WASL_OWNER_DATABASE_URL_{SERVICE.upper()}", server.url("owner"))
    monkeypatch.setattr("shared.runtime.logs.configure", lambda *_: None)
    await asyncio.to_thread(migrate.main, [SERVICE])
    assert await at_head(app)
