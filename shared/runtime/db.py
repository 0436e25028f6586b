"""The store: one pool of asyncpg connections through SQLAlchemy, and what its failures mean.

JSON is text in both directions: pass `model_dump_json()` to `cast(:doc as jsonb)` (a list of them to
`cast(:docs as jsonb[])`) and read a jsonb column as `str` for `model_validate_json`. Columns of SQLModel's JSON
types serialise on the way in, but they too come back as text.
"""

import errno
import socket
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Literal

import asyncpg
from sqlalchemy import Dialect, TextClause, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_RETRYABLE = frozenset({"40001", "40P01"})
# Connection, login, resources, operator intervention, system errors: the store's trouble, not the statement's.
_STORE_CLASSES = frozenset({"08", "28", "53", "57", "58"})
# 55000 is what a database that takes no connections says (datallowconn).
_STORE_STATES = _RETRYABLE | {"25006", "25P03", "25P04", "3D000", "40003", "55000", "55P03"}
_NETWORK = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EMFILE, errno.ENFILE})
_USED_AFTER_BREAK = "8s2b"
_CONNECT_SECONDS = 10.0
PLANS_SECONDS = 5.0
"""How old the plans of a connection's statements may become. The store keeps one until the table is next looked at as a whole: what was
right for a hundred rows, to read them all, was done for a minute to fifty thousand of them."""
_PLANNED = "planned_at"


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row of the driver's that gives its columns by attribute too, as SQLAlchemy's do."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Database:
    """A pool that opens connections as needed, up to `pool_size`, and replaces those that the server has closed.

    statement_ms: the server cancels a longer statement; None: no limit. HTTP sets it, so that no request waits for ever.
    idle_in_transaction_ms: the server ends a session whose transaction idles longer, so that a frozen process keeps no lock. The
    consumer's pool gives 2/3 of the Kafka session time-out: they are free when its partitions move.
    opening: a statement with which every transaction begins, such as one that chooses the schema.
    patient: a commit waits for no disk. A server that crashes may forget the last ones, but none of them without all that came
    after it; and every commit that does wait takes those before it to the disk.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 10,
        *,
        application_name: str = "wasl",
        statement_ms: int | None = None,
        idle_in_transaction_ms: int | None = None,
        pool_wait_s: float = 10.0,
        opening: str | None = None,
        patient: bool = False,
    ) -> None:
        limits = {
            "statement_timeout": statement_ms,
            "idle_in_transaction_session_timeout": idle_in_transaction_ms,
            "synchronous_commit": "off" if patient else None,
        }
        connect: dict[str, Any] = {
            "server_settings": {"application_name": application_name, "timezone": "UTC", "jit": "off"}
            | {name: str(value) for name, value in limits.items() if value is not None},
            "timeout": _CONNECT_SECONDS,
            "record_class": Row,
            # A frozen server cancels nothing, so the client gives up a little later by itself.
            "command_timeout": statement_ms / 1000 + 5 if statement_ms else None,
        }
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_wait_s,
            connect_args=connect,
            json_deserializer=str,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "checkout", _replace_closed)
        self._snapshots = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._opening = text(opening) if opening else None

    @asynccontextmanager
    async def begin(self, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, committed at the end of the block, rolled back when the block raises.

        snapshot: everything read in it is of one instant, and nothing can be written.

        When the commit itself loses its connection, it may or may not have happened: `transient` says true, and the
        caller must be able to do it again (positions, versions and idempotency keys are there for this).
        """
        async with (self._snapshots if snapshot else self.engine).connect() as conn:
            try:
                await _plan_anew(conn)
                if self._opening is not None:
                    await quick(conn, self._opening, {})
                yield conn
            except BaseException:
                await _end(conn, "rollback")
                raise
            await _end(conn, "commit")

    async def close(self) -> None:
        await self.engine.dispose()


async def quick(conn: AsyncConnection, statement: TextClause, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement that each batch, decision, group of filings or round of the relay runs; to be read by attribute or place.

    The driver is asked itself: what SQLAlchemy adds costs twice as much as the driver. It still owns the connection, and puts it back.
    Failures are the driver's own; `transient` knows both kinds.
    """
    driver = await _begun(conn)
    sql, names = _written(statement, conn.dialect)
    rows: Sequence[Any] = await driver.fetch(sql, *(parameters[name] for name in names))
    return rows


async def quick_values(conn: AsyncConnection, statement: TextClause, parameters: Mapping[str, Any]) -> list[Any]:
    """As quick: the first column."""
    return [row[0] for row in await quick(conn, statement, parameters)]


async def copy(conn: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Brings rows in with COPY; none may be there. Failures are the driver's own, as of quick."""
    driver = await _begun(conn)
    await driver.copy_records_to_table(table, columns=list(columns), records=rows)


async def _begun(conn: AsyncConnection) -> asyncpg.Connection:
    """The driver's connection, in the transaction of this one."""
    adapter = _adapter(conn)
    if adapter is None:
        raise ConnectionError("the connection is closed")
    driver = adapter.driver_connection
    if not (driver.is_in_transaction() or driver.is_closed()):  # a connection that was lost inside one is in none either
        # As SQLAlchemy's own first statement would begin it: there is no public way, and that costs more than the statement.
        await adapter._start_transaction()
    return driver


async def _plan_anew(conn: AsyncConnection) -> None:
    """Before a transaction begins, so that it is no part of it."""
    assert conn.sync_connection
    info, now = conn.sync_connection.info, time.monotonic()
    if now - info.setdefault(_PLANNED, now) > PLANS_SECONDS:
        info[_PLANNED] = now
        await _adapter(conn).driver_connection.execute("discard plans")


async def _end(conn: AsyncConnection, how: Literal["commit", "rollback"]) -> None:
    """By SQLAlchemy where a statement of its own has begun the transaction, else by the driver, for a third of the price."""
    if conn.in_transaction():
        await getattr(conn, how)()
    elif (adapter := _adapter(conn)) and adapter._transaction:
        await adapter._call_and_discard(getattr(adapter._transaction, how))


def _adapter(conn: AsyncConnection) -> Any:
    """What SQLAlchemy puts around the driver's connection; None where that is closed."""
    return conn.sync_connection.connection.dbapi_connection if conn.sync_connection else None


@lru_cache(maxsize=100)
def _written(statement: TextClause, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """As the driver wants it, and the names of its parameters in their order."""
    compiled = statement.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


def transient(exc: BaseException) -> bool:
    """True when the same work may succeed later unchanged: the store is away, overloaded, or chose a loser.

    False for what the work itself got wrong (constraint, bad value, bug): doing that again fails again.
    """
    return any(_store_trouble(link) for link in _chain(exc))


def retryable(exc: BaseException) -> bool:
    """True for 40001 and 40P01 only: the transaction lost a race and is to be run again whole, at once."""
    return any(_sqlstate(link) in _RETRYABLE for link in _chain(exc))


def sqlstate(exc: BaseException) -> str | None:
    """The SQLSTATE behind an exception, however it is wrapped."""
    return next((state for state in map(_sqlstate, _chain(exc)) if state), None)


def _replace_closed(connection: Any, record: Any, proxy: Any) -> None:
    # asyncpg sees the server's end of the connection at once: a look at its flag costs no round trip.
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError()


def _store_trouble(exc: BaseException) -> bool:
    if isinstance(exc, OSError):
        return isinstance(exc, ConnectionError | TimeoutError | socket.gaierror) or exc.errno in _NETWORK
    if isinstance(exc, DBAPIError) and exc.connection_invalidated:
        return True
    if isinstance(exc, PoolTimeout | asyncpg.InvalidCachedStatementError):
        return True  # the second: a migration ran meanwhile, the next preparation sees its schema
    if isinstance(exc, PendingRollbackError):
        return exc.code == _USED_AFTER_BREAK
    if isinstance(exc, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return "closed" in str(exc) or "cannot switch to state" in str(exc)  # the second: the server has said goodbye, and is not gone yet
    state = _sqlstate(exc)
    return state is not None and (state[:2] in _STORE_CLASSES or state in _STORE_STATES)


def _sqlstate(exc: BaseException) -> str | None:
    state = getattr(exc, "sqlstate", None)
    return state if isinstance(state, str) else None


def _chain(exc: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    while exc not in found:
        found.append(exc)
        below = exc.orig if isinstance(exc, DBAPIError) and exc.orig else exc.__cause__
        if below is None:
            break
        exc = below
    return found
