"""A body's record over HTTP: read, changed by those who keep it, renamed, closed, merged, split, written to; and its history."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query, Response
from pydantic import BaseModel, Field

from services.routing.calls import TheNode
from services.routing.commands import deciding
from services.routing.directory import examples, lifecycle
from services.routing.directory.access import NATIONAL, Keeper, Looker, author, demand_theirs, find_body
from services.routing.directory.body_edits import changed_body, day
from services.routing.directory.changing import ChangeOut, Dated, changes_of, shown, within_record
from services.routing.directory.writing import stored, today, write
from services.routing.packs import settle_all
from services.routing.rights import National
from shared.contracts.directory import BodyRecord
from shared.contracts.directory_records import Certainty, Editable, Inbox, Mailbox, Name, OpeningHours, Part, TerritoryCode
from shared.contracts.words import Code, Label
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.examples import in_answer
from shared.runtime.examples import shown as shown_as
from shared.runtime.preconditions import IfMatch

router = APIRouter(prefix="/v1/directory/bodies/{id}")
OF_KEEPERS = frozenset({"mailbox", "inboxes", "opening_hours"})
"""What a body says of itself; everything else is the national desk's."""


class Edit(Dated):
    """The fields to change; those left out stay. Only the national desk may change more than mailbox, inboxes and opening_hours."""

    model_config = shown_as(examples.EDIT)

    mailbox: Mailbox | None = None
    inboxes: Annotated[tuple[Inbox, ...], Field(max_length=5)] = Field(default=(), description="Where heads read: one for each level.")
    opening_hours: OpeningHours | None = Field(default=None, description="Such as Mo-Th 08:30-16:30; Fr 08:30-12:00,14:00-16:30")
    parent: Code | None = None
    territory: TerritoryCode | None = None
    online: bool = Field(default=True, description="Whether rules may send cases to it.")
    source: Annotated[str, Field(min_length=1, max_length=500)] = "-"
    certainty: Certainty = "G"


class Rename(Dated):
    model_config = shown_as(examples.RENAME)

    name: Label


class Close(Dated):
    model_config = shown_as(examples.CLOSE)

    successor: Code | None = Field(default=None, description="Who takes its open cases; null: the national desk.")


class Merge(Dated):
    model_config = shown_as(examples.MERGE)

    into: Code


class Split(Dated):
    model_config = shown_as(examples.SPLIT)

    parts: tuple[Part, ...] = Field(min_length=1, max_length=20, description="The first part that an open case fits takes it.")
    rest: Code = Field(description="Who takes what fits no part.")


class HistoryOut(BaseModel):
    """`names` since each day; `changes` as they were made, oldest first."""

    model_config = shown_as(examples.HISTORY)

    names: list[Name]
    name: Label
    closed_on: date | None
    successor: str | None
    changes: list[ChangeOut]
    next: int | None = Field(description="For `after`; null: this was the last page.")


Make = Callable[[Tx, BodyRecord], Sequence[Editable]]


@router.get("", responses=in_answer(examples.RECORD))
async def read_body(id: str, who: Looker, node: TheNode, response: Response) -> BodyRecord:
    """The record as it is now; its version is the ETag."""
    node.cache.expire()
    return shown(find_body(await node.directory(), id), response)


@router.get("/history")
async def read_history(
    id: str, who: Looker, node: TheNode, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> HistoryOut:
    """The body's former names, each with its last day, and every change with the role that made it."""
    body = find_body(await node.directory(), id)
    changes, following = await changes_of(node, body, after, limit)
    return HistoryOut(
        names=list(body.history),
        name=body.name,
        closed_on=body.closed_on,
        successor=body.successor,
        changes=changes,
        next=following,
    )


@router.patch("", responses=in_answer(examples.RECORD))
async def edit(id: str, asked: Edit, version: IfMatch, who: Keeper, node: TheNode, response: Response) -> BodyRecord:
    """Changes how the body is reached; the national desk also where it stands. 403 field-not-allowed for a body's own admin."""
    fields = {name: getattr(asked, name) for name in asked.model_fields_set - {"on"}}
    if who.role != NATIONAL and (barred := sorted(fields.keys() - OF_KEEPERS)):
        raise Problem(403, "field-not-allowed", "Only the national desk changes this field.", field=barred[0])

    def make(tx: Tx, body: BodyRecord) -> Sequence[Editable]:
        return _alone(changed_body(body, day(asked.on, today(tx)), tx.directory, fields))

    return shown(await changed(node, who, id, version, "edit", make), response)


@router.post("/rename", responses=in_answer(examples.RECORD))
async def rename(id: str, asked: Rename, version: IfMatch, who: National, node: TheNode, response: Response) -> BodyRecord:
    """A new name from a day on; the old one stays in the history. The id never changes, so facts keep it."""

    def make(tx: Tx, body: BodyRecord) -> Sequence[Editable]:
        return _alone(changed_body(body, day(asked.on, today(tx)), tx.directory, {"name": asked.name}))

    return shown(await changed(node, who, id, version, "rename", make), response)


@router.post("/close", responses=in_answer(examples.CLOSED))
async def close(
    id: str, asked: Close, version: IfMatch, who: National, node: TheNode, response: Response, later: BackgroundTasks
) -> BodyRecord:
    """Closes the body. Its open cases go to its successor, else to the national desk; their clocks go on."""
    return shown(await _ended(node, who, id, version, "close", asked, asked.successor, later), response)


@router.post("/merge", responses=in_answer(examples.CLOSED))
async def merge(
    id: str, asked: Merge, version: IfMatch, who: National, node: TheNode, response: Response, later: BackgroundTasks
) -> BodyRecord:
    """Merges the body into another one, which takes its open cases and the bodies below it."""
    return shown(await _ended(node, who, id, version, "merge", asked, asked.into, later), response)


@router.post("/split", responses=in_answer(examples.SPLIT_UP))
async def split(
    id: str, asked: Split, version: IfMatch, who: National, node: TheNode, response: Response, later: BackgroundTasks
) -> BodyRecord:
    """Splits the body among others that are there already: each open case goes to the first part that it fits, else to `rest`."""
    return shown(await _ended(node, who, id, version, "split", asked, asked.rest, later, asked.parts), response)


async def changed(node: Node, who: Principal, id: str, version: int, act: str, make: Make) -> BodyRecord:
    """Makes one change in one transaction, on what is stored then. The records made are written."""

    async def work(tx: Tx) -> BodyRecord:
        body = find_body(await stored(tx), id)
        demand_theirs(who, body, tx.directory)
        find_body(tx.directory, id, version)
        records = make(tx, body)
        await write(tx, author(who), act, records)
        return find_body(tx.directory.updated(records), id)

    found = await within_record(deciding(node, work))
    node.cache.expire()
    return found


async def _ended(
    node: Node,
    who: Principal,
    id: str,
    version: int,
    act: str,
    asked: Dated,
    heir: str | None,
    later: BackgroundTasks,
    parts: Sequence[Part] = (),
) -> BodyRecord:
    """The open cases move right after the answer; should the process end before, its next start moves them."""

    def make(tx: Tx, body: BodyRecord) -> Sequence[Editable]:
        return lifecycle.closed(body, heir, day(asked.on, today(tx)), tx.directory, parts)

    found = await changed(node, who, id, version, act, make)
    later.add_task(settle_all, node)
    return found


def _alone(after: BodyRecord | None) -> list[Editable]:
    return [after] if after else []
