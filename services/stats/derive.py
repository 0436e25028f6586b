"""From records of the log to the rows of a slot, in processes of their own: reading states is most of a rebuild's work.

What happens in them is a pure function of what is handed over, so it cannot matter which of them works.
"""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context, parent_process
from typing import Any
from uuid import UUID

from services.stats.domain import FactRow, fact_row
from shared.contracts.directory import Directory, DirectoryRecord
from shared.contracts.events import Fact
from shared.messaging.codec import decode
from shared.messaging.engine import Stop
from shared.messaging.records import RawRecord
from shared.messaging.registers import as_row, newest

PROCESSES = 4
"""At most; never more than there are cores."""

Bare = tuple[str, int, int, bytes | None, bytes | None]
"""What derives from a record: its headers say nothing that its value does not."""


@dataclass(frozen=True)
class Rows:
    """Of each complaint among some facts, in complaint-id order: its register and its fact row. erased: those of them to be forgotten."""

    registers: list[tuple[Any, ...]]
    facts: list[tuple[Any, ...]]
    erased: list[UUID]


Derive = Callable[[Sequence[RawRecord], Directory], Awaitable[Rows]]


def derive(records: Sequence[Bare], directory: bytes) -> Rows:
    """Raises where one of the records cannot be taken. directory: its records in JSON, one a line."""
    known, read = newest(_facts(records)), _directory(directory)
    return Rows(
        [as_row(one) for one in known],
        [_values(fact_row(one, read)) for one in known],
        [one.complaint_id for one in known if one.intake and one.intake.erased_at],
    )


@contextmanager
def derivers() -> Iterator[Derive]:
    """Made before anything is opened that they would hold open too. They end with the block, or with this process however it ends.

    Where threads are at work already, the locks that these hold would be copied as they stand: then all is done in this process.
    """
    if threading.active_count() > 1:
        yield _here
        return
    processes = min(PROCESSES, os.cpu_count() or 1)
    with ProcessPoolExecutor(processes, get_context("fork"), _begin) as pool:
        pool.submit(os.getpid).result()
        yield partial(_there, pool)


async def _here(records: Sequence[RawRecord], directory: Directory) -> Rows:
    return derive(_bare(records), written(directory))


async def _there(pool: ProcessPoolExecutor, records: Sequence[RawRecord], directory: Directory) -> Rows:
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, derive, _bare(records), written(directory))
    except BrokenExecutor as error:
        raise Stop(5, "a process of the rebuild was ended; the live figures stay as they are; see that memory suffices") from error


def _begin() -> None:
    """In each process: it ends when its parent has, makes nothing that only the collector could free, and leaves Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    os._exit(1)


def _bare(records: Sequence[RawRecord]) -> list[Bare]:
    return [(raw.topic, raw.partition, raw.offset, raw.key, raw.value) for raw in records]


def _facts(records: Sequence[Bare]) -> Iterator[tuple[int, Fact]]:
    for record in records:
        raw = RawRecord(*record)
        body = decode(raw).body
        if isinstance(body, Fact):
            yield raw.partition, body


def _values(row: FactRow) -> tuple[Any, ...]:
    return tuple(vars(row).values())


@lru_cache(maxsize=8)  # each reader of the log has a snapshot of its own
def written(directory: Directory) -> bytes:
    return "\n".join(record.model_dump_json(by_alias=True) for record in directory.records.values()).encode()


@lru_cache(maxsize=1)
def _directory(lines: bytes) -> Directory:
    return Directory(DirectoryRecord.model_validate_json(line) for line in lines.splitlines())
