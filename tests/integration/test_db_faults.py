"""What asyncpg and SQLAlchemy raise when a real PostgreSQL is killed, restarted, frozen, full or contradicted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.runtime import db as database
from shared.runtime.db import Database, quick, retryable, sqlstate, transient
from tests.support.own_postgres import OwnPostgres, own_postgres

POOL = 3


@pytest.fixture(scope="module")
def own() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def server(own: OwnPostgres) -> Iterator[OwnPostgres]:
    """At work before and after each test: one that fails between a kill and the start does not take the others with it."""
    yield own
    if not own.running():
        own.start()


@pytest_asyncio.fixture
async def db(server: OwnPostgres) -> AsyncIterator[Database]:
    db = Database(server.url("owner"), POOL, statement_ms=3000)
    yield db
    await db.close()


async def one(db: Database, sql: str = "select 1") -> object:
    async with db.begin() as conn:
        result = await conn.execute(text(sql))
        return result.scalar() if result.returns_rows else None


async def fill(db: Database) -> None:
    """Every connection of the pool open and idle."""
    await asyncio.gather(*(one(db, "select pg_sleep(0.05)") for _ in range(POOL)))


async def caught(work: Awaitable[object]) -> Exception:
    try:
        outcome = await work
    except Exception as error:  # noqa: BLE001 (which one it is, is the question)
        return error
    raise AssertionError(f"nothing was raised; the outcome was {outcome!r}")


async def all_recover(db: Database) -> None:
    assert await asyncio.gather(*(one(db) for _ in range(2 * POOL))) == [1] * (2 * POOL)


def break_by(server: OwnPostgres, how: str) -> None:
    if how == "kill -9":
        server.kill()
    else:
        server.stop()


@pytest.mark.parametrize("how", ["kill -9", "fast shutdown"])
@pytest.mark.parametrize(
    "then", ["statement", "quick statement", "second quick statement", "savepoint", "commit", "statement after a swallowed failure"]
)
async def test_a_transaction_that_loses_its_server_is_transient(server: OwnPostgres, db: Database, how: str, then: str) -> None:
    await fill(db)

    async def work() -> None:
        async with db.begin() as conn:
            await BEFORE.get(then, _statement)(conn)
            await asyncio.to_thread(break_by, server, how)
            await AFTER[then](conn)

    lost = await caught(work())
    assert transient(lost), repr(lost)
    assert not retryable(lost)
    refused = [await caught(one(db)) for _ in range(POOL + 1)]  # on a busy machine the pool has not yet heard of each loss
    assert [error for error in refused if not transient(error)] == []
    assert isinstance(refused[-1], ConnectionRefusedError)
    await asyncio.to_thread(server.start)
    await all_recover(db)


async def _statement(conn: AsyncConnection) -> None:
    await conn.execute(text("select 2"))


async def _quick(conn: AsyncConnection) -> None:
    await quick(conn, text("select 2"), {})


async def _savepoint(conn: AsyncConnection) -> None:
    async with conn.begin_nested():
        await conn.execute(text("select 2"))


async def _commit(conn: AsyncConnection) -> None:
    """Nothing: the block's end commits."""


async def _after_swallowed(conn: AsyncConnection) -> None:
    await caught(_savepoint(conn))
    await conn.execute(text("select 3"))


BEFORE: dict[str, Callable[[AsyncConnection], Awaitable[None]]] = {"second quick statement": _quick}
AFTER: dict[str, Callable[[AsyncConnection], Awaitable[None]]] = {
    "statement": _statement,
    "quick statement": _quick,
    "second quick statement": _quick,
    "savepoint": _savepoint,
    "commit": _commit,
    "statement after a swallowed failure": _after_swallowed,
}


async def test_quick_statements_are_of_the_transaction_from_the_first_on(db: Database) -> None:
    asked = text("select pg_current_xact_id()::text, cast(:n as int) + cast(:n as int)")

    async def work() -> None:
        async with db.begin() as conn:
            seen = [tuple(*await quick(conn, asked, {"n": n})) for n in (1, 2, 3)]
            [(plain, _)] = await conn.execute(asked, {"n": 4})
            assert seen == [(plain, 2), (plain, 4), (plain, 6)]
            await quick(conn, text("create table gone_again (n int)"), {})
            await quick(conn, text("select 1 / cast(:n as int)"), {"n": 0})

    failed = await caught(work())
    assert sqlstate(failed) == "22012"
    assert not transient(failed)
    assert await one(db, "select to_regclass('gone_again')") is None


@pytest.mark.parametrize(("snapshot", "rules"), [(True, ("repeatable read", "on")), (False, ("read committed", "off"))])
async def test_a_transaction_that_a_quick_statement_begins_has_its_own_rules(db: Database, snapshot: bool, rules: tuple[str, str]) -> None:
    asked = text("select current_setting('transaction_isolation'), current_setting('transaction_read_only')")
    for _ in range(2):
        async with db.begin(snapshot=snapshot) as conn:
            [row] = await quick(conn, asked, {})
            assert tuple(row) == rules
            assert tuple((await conn.execute(asked)).one()) == rules


@pytest.mark.parametrize("how", ["kill -9", "fast shutdown"])
async def test_a_statement_cut_in_its_middle_is_transient(server: OwnPostgres, db: Database, how: str) -> None:
    running = asyncio.create_task(one(db, "select pg_sleep(2.5)"))
    await asyncio.sleep(0.3)
    assert not running.done()
    await asyncio.to_thread(break_by, server, how)
    lost = await caught(running)
    assert transient(lost), repr(lost)
    await asyncio.to_thread(server.start)
    await all_recover(db)


async def test_a_pool_that_slept_through_a_restart_wakes_without_one_failure(server: OwnPostgres, db: Database) -> None:
    await fill(db)
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await all_recover(db)


async def test_a_session_ended_by_an_operator_is_transient(server: OwnPostgres, db: Database) -> None:
    async def work() -> None:
        async with db.begin() as conn:
            pid = (await conn.execute(text("select pg_backend_pid()"))).scalar_one()
            assert await one(db, f"select pg_terminate_backend({pid})")
            await conn.execute(text("select 1"))

    assert transient(await caught(work()))
    await all_recover(db)


_END_OTHERS = """
    select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'"""


async def test_sessions_ended_at_any_moment_of_a_transaction_are_transient(server: OwnPostgres) -> None:
    """Between the server's last word and the end of the connection the driver is in a state of its own."""
    db, others, cut = Database(server.url("owner"), 10), Database(server.url("owner"), 1), []

    async def work() -> None:
        async with db.begin() as conn:
            for n in range(4):
                await quick(conn, text("select cast(:n as int)"), {"n": n})

    for _ in range(60):
        await asyncio.gather(*(work() for _ in range(10)))
        ending = asyncio.create_task(one(others, _END_OTHERS))
        tries = [asyncio.create_task(work())]
        while not ending.done():
            await asyncio.sleep(0)
            tries.append(asyncio.create_task(work()))
        ended = await asyncio.gather(*tries, return_exceptions=True)
        cut += [error for error in ended if isinstance(error, BaseException)]
    assert cut
    assert [repr(error) for error in cut if not transient(error)] == []
    await asyncio.gather(db.close(), others.close())


async def test_a_transaction_that_idles_too_long_loses_its_session_and_its_locks(server: OwnPostgres) -> None:
    db = Database(server.url("owner"), POOL, idle_in_transaction_ms=200)

    async def work() -> None:
        async with db.begin() as conn:
            await conn.execute(text("select pg_advisory_xact_lock(7)"))
            await asyncio.sleep(0.6)
            assert await one(db, "select pg_try_advisory_xact_lock(7)")

    lost = await caught(work())
    assert not isinstance(lost, AssertionError)
    assert transient(lost), repr(lost)
    await db.close()


async def test_a_frozen_server_is_given_up_and_used_again_when_it_thaws(server: OwnPostgres) -> None:
    db = Database(server.url("owner"), POOL, statement_ms=200)
    await fill(db)
    with server.frozen():
        lost = await caught(one(db))
    assert isinstance(lost, TimeoutError)
    assert transient(lost)
    await all_recover(db)
    await db.close()


async def test_a_statement_that_takes_too_long_is_transient(server: OwnPostgres) -> None:
    db = Database(server.url(), 1, statement_ms=200)
    late = await caught(one(db, "select pg_sleep(4)"))
    assert sqlstate(late) == "57014"
    assert transient(late)
    await db.close()


async def test_too_many_connections_and_an_exhausted_pool_are_transient(server: OwnPostgres) -> None:
    admin = Database(server.url("admin"), 1)
    await one(admin, "alter role trial_app connection limit 2")
    crowd, narrow = Database(server.url("app"), 5), Database(server.url("owner"), 1, pool_wait_s=0.2)
    outcomes = await asyncio.gather(*(one(crowd, "select pg_sleep(0.3)") for _ in range(5)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(refused) == 3
    assert {sqlstate(error) for error in refused} == {"53300"}
    assert all(transient(error) for error in refused)
    _, waited = await asyncio.gather(one(narrow, "select pg_sleep(1)"), caught(one(narrow)))
    assert isinstance(waited, Exception)
    assert transient(waited)
    await one(admin, "alter role trial_app connection limit -1")
    for db in (admin, crowd, narrow):
        await db.close()


async def test_a_lost_race_is_retryable(server: OwnPostgres, db: Database) -> None:
    await one(db, "create table race (id int primary key, n int)")
    await one(db, "insert into race values (1, 0), (2, 0)")

    async def update(first: int, second: int) -> None:
        async with db.begin() as conn:
            for id in (first, second):
                await conn.execute(text("update race set n = n + 1 where id = :id"), {"id": id})
                await asyncio.sleep(0.2)

    async def stale() -> None:
        async with db.begin() as conn:
            await conn.execute(text("set transaction isolation level repeatable read"))
            await conn.execute(text("select * from race"))
            await one(db, "update race set n = 9 where id = 1")
            await conn.execute(text("update race set n = 10 where id = 1"))

    deadlock = [e for e in await asyncio.gather(update(1, 2), update(2, 1), return_exceptions=True) if e]
    for error, state in ((deadlock[0], "40P01"), (await caught(stale()), "40001")):
        assert isinstance(error, Exception)
        assert sqlstate(error) == state
        assert retryable(error)
        assert transient(error)


async def test_a_statement_is_planned_again_when_its_table_has_grown(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, the plan of an empty table reads all of a full one, until the store's own look at it a minute later."""
    await one(db, "create table growing (n int primary key, filler text) with (autovacuum_enabled = off)")
    look, scans = (
        text("select n from growing where n = any(cast(:n as int[]))"),
        "select seq_scan from pg_stat_user_tables where relname = 'growing'",
    )
    await one(db, "analyze growing")

    async def looked_up() -> int:
        async with db.begin() as conn:
            for n in range(10):  # the sixth time on, by a plan that is kept
                await quick(conn, look, {"n": [n, n + 1]})
        async with db.begin() as conn:
            await conn.execute(text("select pg_stat_force_next_flush()"))
        return int(str(await one(db, scans)))

    monkeypatch.setattr(database, "PLANS_SECONDS", 1e9)
    await one(db, "insert into growing select n, 'f' from generate_series(1, 20) n")
    few = await looked_up()
    await one(db, "insert into growing select n, repeat('f', 99) from generate_series(21, 50000) n")
    kept = await looked_up()
    monkeypatch.setattr(database, "PLANS_SECONDS", 0)
    assert few > 0
    assert kept > few
    assert await looked_up() == kept


async def test_a_schema_that_changes_under_a_prepared_statement_is_transient_once(db: Database) -> None:
    narrow = Database(db.engine.url.render_as_string(hide_password=False), 1)
    await one(narrow, "create table grown (id int)")
    await one(narrow, "select * from grown")
    await one(db, "alter table grown add column more text")
    assert transient(await caught(one(narrow, "select * from grown")))
    assert await one(narrow, "select * from grown") is None
    await narrow.close()


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("select 1 / 0", "22012"),
        ("selec", "42601"),
        ("select * from absent", "42P01"),
        ("select cast('\"\\u0000\"' as jsonb)", "22P05"),
        ("do $$ begin raise unique_violation; end $$", "23505"),
    ],
)
async def test_what_the_work_itself_got_wrong_is_neither(db: Database, sql: str, state: str) -> None:
    wrong = await caught(one(db, sql))
    assert sqlstate(wrong) == state
    assert not transient(wrong)
    assert not retryable(wrong)


async def test_going_on_in_a_failed_transaction_is_a_mistake_and_not_transient(db: Database) -> None:
    async def work() -> None:
        async with db.begin() as conn:
            await caught(conn.execute(text("select 1 / 0")))
            await conn.execute(text("select 1"))

    assert not transient(await caught(work()))


async def test_json_is_text_both_ways_and_parameters_stay_out_of_errors(db: Database) -> None:
    async with db.begin() as conn:
        kept = await conn.execute(
            text("select doc from unnest(cast(:docs as jsonb[])) as doc union all select cast(:doc as jsonb)"),
            {"docs": ['{"a": "شكاية"}', "[1, 2]"], "doc": "null"},
        )
        assert kept.scalars().all() == ['{"a": "شكاية"}', "[1, 2]", "null"]
    with pytest.raises(DBAPIError) as refused:
        async with db.begin() as conn:
            await conn.execute(text("select cast(:doc as jsonb)"), {"doc": "{fatima@example.ma"})
    assert "fatima" not in str(refused.value)


async def test_sessions_are_named_limited_and_in_utc(server: OwnPostgres) -> None:
    db = Database(server.url(), 1, application_name="wasl-intake", statement_ms=1234, idle_in_transaction_ms=4321)
    assert await one(db, "select current_setting('application_name')") == "wasl-intake"
    assert await one(db, "select current_setting('statement_timeout')") == "1234ms"
    assert await one(db, "select current_setting('idle_in_transaction_session_timeout')") == "4321ms"
    assert await one(db, "select current_setting('timezone')") == "UTC"
    await db.close()
