"""Registers: what a store knows of each complaint, one row each, the newest state of each writer.

The highest version of a writer wins, whatever the order, repetition or grouping in which facts come. All that a service
derives is a function of these rows, so a doubled, late or skipped fact is caught up by the next one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Self
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.complaint import Header
from shared.contracts.events import DeadlinesFact, Fact, IntakeFact, RoutingFact
from shared.contracts.states import Case, Clocks, Filing
from shared.messaging.columns import column, joined
from shared.runtime.db import copy, quick, quick_values

WRITERS = ("intake", "routing", "deadlines")
State = Filing | Case | Clocks

FACT_OF: Mapping[str, type[Fact]] = {"intake": IntakeFact, "routing": RoutingFact, "deadlines": DeadlinesFact}
_VERSION = {writer: f"{writer}_version" for writer in WRITERS}
_WRITER_OF = {model: writer for writer, model in FACT_OF.items()}
_STATE: Mapping[str, TypeAdapter[Any]] = {
    "intake": TypeAdapter(Filing),
    "routing": TypeAdapter(Case),
    "deadlines": TypeAdapter(Clocks),
}


@dataclass(frozen=True)
class Registers:
    """One complaint as this store knows it. A writer that has not been heard of has version 0 and no state."""

    complaint_id: UUID
    partition: int
    header: Header
    intake: Filing | None = None
    intake_version: int = 0
    routing: Case | None = None
    routing_version: int = 0
    deadlines: Clocks | None = None
    deadlines_version: int = 0

    @classmethod
    def new(cls, header: Header, partition: int) -> Self:
        return cls(header.id, partition, header)

    def version(self, writer: str) -> int:
        version: int = getattr(self, _VERSION[writer])
        return version

    def with_state(self, writer: str, state: State, version: int) -> Self:
        return type(self)(**vars(self) | {writer: state, _VERSION[writer]: version})


@dataclass(frozen=True)
class Change:
    """A complaint of which at least one writer's state took a higher version. What it was before is nobody's business."""

    complaint_id: UUID
    after: Registers


def writer_of(fact: Fact) -> str:
    return _WRITER_OF[type(fact)]


def state_of(fact: Fact) -> State:
    state: State = getattr(fact, fact.state_field)
    return state


def newest(facts: Iterable[tuple[int, Fact]]) -> list[Registers]:
    """Folds facts of one batch, each with its partition, in any order, into one row a complaint, in complaint-id order (the lock order)."""
    rows: dict[UUID, dict[str, Any]] = {}
    for partition, fact in facts:
        header = fact.complaint
        row = rows.setdefault(header.id, {"complaint_id": header.id, "partition": partition, "header": header})
        writer = writer_of(fact)
        if fact.version > row.get(_VERSION[writer], 0):
            row[writer], row[_VERSION[writer]] = state_of(fact), fact.version
    return [Registers(**rows[id]) for id in sorted(rows, key=attrgetter("int"))]


ROW = ("complaint_id", "partition", "reference", "header", *(column for w in WRITERS for column in (w, _VERSION[w])))
_COLUMNS = ", ".join(f"{w}, {w}_version" for w in WRITERS)
_OLD = ", ".join(f"old.{c}" for w in WRITERS for c in (f"{w}::text", f"{w}_version"))
_SET = ", ".join(
    f"{w} = case when excluded.{w}_version > r.{w}_version then excluded.{w} else r.{w} end, "
    f"{w}_version = greatest(r.{w}_version, excluded.{w}_version)"
    for w in WRITERS
)
_NEWER = " or ".join(f"excluded.{w}_version > r.{w}_version" for w in WRITERS)

_PUT_SQL = f"""
    insert into register as r (complaint_id, partition, reference, header, {_COLUMNS})
    select u.id, u.partition, u.reference, u.header::jsonb, {", ".join(f"u.{w}::jsonb, u.{w}_version" for w in WRITERS)}
    from unnest({column("id", "uuid")}, {column("partition", "int")}, cast(:reference as text[]), {column("header")},
                {", ".join(f"{column(w)}, {column(f'{w}_version', 'int')}" for w in WRITERS)})
      as u (id, partition, reference, header, {_COLUMNS})
    order by u.id
    on conflict (complaint_id) do update set {_SET} where {_NEWER}"""  # noqa: S608 -- only the column names above are put in
_PUT = text(_PUT_SQL)
_UPSERT = text(f"{_PUT_SQL} returning new.complaint_id, old.partition, old.header::text, {_OLD}")

_HELD = text("select complaint_id from register where complaint_id = any(cast(:ids as uuid[]))")
SHOWN = f"complaint_id, partition, header::text, {', '.join(f'{w}::text, {w}_version' for w in WRITERS)}"
"""What `from_row` reads: states as text, since JSON goes through a function of the store's library only to come out as the same text."""
_SELECT = f"select {SHOWN} from register"  # noqa: S608
_BY_IDS = text(f"{_SELECT} where complaint_id = any(cast(:ids as uuid[])) order by complaint_id for update")
_BY_IDS_UNLOCKED = text(f"{_SELECT} where complaint_id = any(cast(:ids as uuid[])) order by complaint_id")
_BY_REFERENCE = text(f"{_SELECT} where reference = :reference")
_BY_REFERENCE_LOCKED = text(f"{_SELECT} where reference = :reference for update")


async def upsert(conn: AsyncConnection, rows: Sequence[Registers]) -> list[Change]:
    """Writes states whose version is higher than the stored one; returns a Change for each complaint that moved.

    Locks every row named, also the unmoved ones, in complaint-id order.
    """
    if not rows:
        return []
    moved = await quick(conn, _UPSERT, _parameters(rows))
    given = {row.complaint_id: row for row in rows}
    return sorted((_change(row, given[row.complaint_id]) for row in moved), key=attrgetter("complaint_id"))


async def put(conn: AsyncConnection, rows: Sequence[Registers]) -> None:
    """As upsert, for who asks not what has moved."""
    if rows:
        await quick(conn, _PUT, _parameters(rows))


async def held(conn: AsyncConnection, ids: Collection[UUID]) -> set[UUID]:
    """Those of these complaints that have a row."""
    return set(await quick_values(conn, _HELD, {"ids": list(ids)})) if ids else set()


async def bring(conn: AsyncConnection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows as `as_row` makes them, of complaints that have none yet."""
    await copy(conn, "register", ROW, rows)


async def load(conn: AsyncConnection, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, Registers]:
    rows = await quick(conn, _BY_IDS if lock else _BY_IDS_UNLOCKED, {"ids": list(ids)})
    return {row.complaint_id: from_row(row) for row in rows}


async def find(conn: AsyncConnection, reference: str, *, lock: bool) -> Registers | None:
    rows = await quick(conn, _BY_REFERENCE_LOCKED if lock else _BY_REFERENCE, {"reference": reference})
    return from_row(rows[0]) if rows else None


def from_row(row: Any, newer: Registers | None = None) -> Registers:
    """Registers from a row with the register's columns as attributes. A state that `newer` has in a higher version is taken from there."""
    states: dict[str, Any] = {}
    for writer in WRITERS:
        column = _VERSION[writer]
        version = getattr(row, column)
        known = newer is not None and newer.version(writer) > version
        states[writer] = getattr(newer, writer) if known else _parsed(writer, getattr(row, writer))
        states[column] = getattr(newer, column) if known else version
    return Registers(row.complaint_id, row.partition, Header.model_validate_json(row.header), **states)


def as_row(known: Registers) -> tuple[Any, ...]:
    """The values of ROW."""
    states = (value for writer in WRITERS for value in (_dumped(writer, getattr(known, writer)), known.version(writer)))
    return known.complaint_id, known.partition, known.header.reference, known.header.model_dump_json(), *states


def _parsed(writer: str, value: str | None) -> State | None:
    if value is None:
        return None
    state: State = _STATE[writer].validate_json(value)
    return state


def _dumped(writer: str, state: State | None) -> str | None:
    return None if state is None else _STATE[writer].dump_json(state, by_alias=True).decode()


def _change(row: Any, given: Registers) -> Change:
    """The statement keeps the higher version of each state: what came need not be read back to know what is there now."""
    return Change(given.complaint_id, from_row(row, given) if row.header else given)


def _parameters(rows: Sequence[Registers]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "id": joined(str(r.complaint_id) for r in rows),
        "partition": joined(str(r.partition) for r in rows),
        "reference": [r.header.reference for r in rows],  # what another service wrote may be any text
        "header": joined(r.header.model_dump_json() for r in rows),
    }
    for writer in WRITERS:
        columns[writer] = joined(_dumped(writer, getattr(r, writer)) for r in rows)
        columns[f"{writer}_version"] = joined(str(r.version(writer)) for r in rows)
    return columns
