"""Failures that a real server does not make on command; the others are in tests/integration/test_db_faults.py."""

import errno
import socket

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError, PendingRollbackError

from shared.runtime.db import retryable, sqlstate, transient


def state(code: str) -> Exception:
    made: Exception = asyncpg.PostgresError.new({"C": code, "M": "made by hand"})
    return made


def wrapped(exc: Exception) -> Exception:
    return DBAPIError("select 1", {}, exc)


@pytest.mark.parametrize(
    "exc",
    [
        *map(state, ["08006", "08001", "28P01", "3D000", "53100", "53200", "57P01", "57P02", "57P03", "58030"]),
        *map(state, ["25006", "25P03", "40003", "55000", "55P03"]),
        OSError(errno.EHOSTUNREACH, "no route"),
        socket.gaierror(-3, "temporary failure in name resolution"),
        BrokenPipeError(),
        TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
        OperationalError("select 1", {}, state("57P01"), connection_invalidated=True),
        PendingRollbackError("Can't reconnect until invalid transaction is rolled back.", code="8s2b"),
    ],
    ids=repr,
)
def test_the_stores_trouble_is_transient(exc: Exception) -> None:
    assert transient(exc)
    assert transient(wrapped(exc))
    assert not retryable(exc)
    outer = RuntimeError("while handling a batch")
    outer.__cause__ = wrapped(exc)
    assert transient(outer)


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_lost_race_is_retryable_however_wrapped(code: str) -> None:
    assert retryable(wrapped(state(code)))
    assert transient(wrapped(state(code)))
    assert sqlstate(wrapped(state(code))) == code


@pytest.mark.parametrize(
    "exc",
    [
        *map(state, ["22P02", "23505", "42501", "0A000", "XX000", "P0001"]),
        FileNotFoundError("a file"),
        OSError(errno.ENOSPC, "no space"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        PendingRollbackError("This connection is on an inactive savepoint transaction.", code="8s2a"),
        InvalidRequestError("a bug"),
        ValueError("bad"),
        KeyError("x"),
    ],
    ids=repr,
)
def test_the_works_own_mistakes_are_not(exc: Exception) -> None:
    assert not transient(exc)
    assert not transient(wrapped(exc))
    assert not retryable(wrapped(exc))


def test_what_happened_to_be_handled_before_is_no_cause() -> None:
    bad_record = ValueError("bad record")
    bad_record.__context__ = ConnectionRefusedError()
    assert not transient(bad_record)
