"""Public services and territories over HTTP: read by any member of staff, changed by the national desk, with their history."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.routing.calls import TheNode
from services.routing.commands import deciding
from services.routing.desk.refusals import Refused, conflict
from services.routing.directory import examples
from services.routing.directory.access import Looker, author
from services.routing.directory.body_edits import day
from services.routing.directory.changing import ChangeOut, Dated, changes_of, shown, within_record
from services.routing.directory.editing import differences, edited
from services.routing.directory.imports import checks
from services.routing.directory.writing import stored, today, write
from services.routing.rights import National
from shared.contracts.directory import Directory, PublicServiceRecord, TerritoryRecord
from shared.contracts.directory_records import Editable
from shared.contracts.procedures import Level
from shared.contracts.words import Code, Label
from shared.messaging.node import Node
from shared.messaging.tx import Tx
from shared.runtime.auth import Principal
from shared.runtime.errors import Problem
from shared.runtime.examples import in_answer
from shared.runtime.examples import shown as shown_as
from shared.runtime.preconditions import IfMatch, demand_version

router = APIRouter(prefix="/v1/directory")
R = TypeVar("R", bound=Editable)
UNKNOWN = {
    PublicServiceRecord: ("public-service-unknown", "No public service has this code: take one from the directory."),
    TerritoryRecord: ("territory-unknown", "No territory has this code: take one from the directory."),
}


class ServiceEdit(Dated):
    """The fields to change; those left out stay."""

    model_config = shown_as(examples.SERVICE)

    title: Label | None = None
    body: Code | None = None
    parent: Code | None = Field(default=None, description="The subject above it; null: it is one of the first level.")
    territorial: Level | None = Field(default=None, description="The level at which local bodies answer for it.")


class TerritoryEdit(Dated):
    model_config = shown_as(examples.PLACE)

    name: Label


class ChangesOut(BaseModel):
    """As they were made, oldest first."""

    changes: list[ChangeOut]
    next: int | None = Field(description="For `after`; null: this was the last page.")


After = Annotated[int, Query(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/public-services/{code}", responses=in_answer(examples.SERVICE_RECORD))
async def read_public_service(code: str, who: Looker, node: TheNode, response: Response) -> PublicServiceRecord:
    """The record as it is now; its version is the ETag."""
    return shown(find(await _fresh(node), PublicServiceRecord, code), response)


@router.get("/public-services/{code}/history", responses=in_answer(examples.SERVICE_HISTORY))
async def read_public_service_history(code: str, who: Looker, node: TheNode, after: After = 0, limit: Limit = 50) -> ChangesOut:
    """Every change of the public service, with the role that made it."""
    return await _changes(node, find(await node.directory(), PublicServiceRecord, code), after, limit)


@router.patch("/public-services/{code}", responses=in_answer(examples.SERVICE_RECORD))
async def edit_public_service(
    code: str, asked: ServiceEdit, version: IfMatch, who: National, node: TheNode, response: Response
) -> PublicServiceRecord:
    """Changes what is offered, by whom, and under which subject. What was filed about it stays with the body that has it."""
    fields = {name: getattr(asked, name) for name in asked.model_fields_set - {"on"}}

    def make(tx: Tx, known: PublicServiceRecord) -> list[PublicServiceRecord]:
        return [edited(known, day(asked.on, today(tx)), **fields)]

    return shown(await _changed(node, who, PublicServiceRecord, code, version, "edit", make), response)


@router.post("/public-services/{code}/close", responses=in_answer(examples.SERVICE_CLOSED))
async def close_public_service(
    code: str, asked: Dated, version: IfMatch, who: National, node: TheNode, response: Response
) -> PublicServiceRecord:
    """Its last day, and that of the subjects below it: nothing lodged later is about them. 409 public-service-closed."""

    def make(tx: Tx, known: PublicServiceRecord) -> list[PublicServiceRecord]:
        if known.closed_on:
            raise conflict("public-service-closed", "This public service was closed already.")
        on = day(asked.on, today(tx))
        below = (one for one in tx.directory.public_services.values() if one.parent == known.code and not one.closed_on)
        return [edited(one, on, closed_on=on) for one in (known, *below)]

    return shown(await _changed(node, who, PublicServiceRecord, code, version, "close", make), response)


@router.get("/territories/{code}", responses=in_answer(examples.PLACE_RECORD))
async def read_territory(code: str, who: Looker, node: TheNode, response: Response) -> TerritoryRecord:
    """The record as it is now; its version is the ETag."""
    return shown(find(await _fresh(node), TerritoryRecord, code), response)


@router.get("/territories/{code}/history", responses=in_answer(examples.PLACE_HISTORY))
async def read_territory_history(code: str, who: Looker, node: TheNode, after: After = 0, limit: Limit = 50) -> ChangesOut:
    """Every change of the territory, with the role that made it."""
    return await _changes(node, find(await node.directory(), TerritoryRecord, code), after, limit)


@router.patch("/territories/{code}", responses=in_answer(examples.PLACE_RECORD))
async def edit_territory(
    code: str, asked: TerritoryEdit, version: IfMatch, who: National, node: TheNode, response: Response
) -> TerritoryRecord:
    """Changes its name. Where it lies and its code stay: facts name them."""

    def make(tx: Tx, known: TerritoryRecord) -> list[TerritoryRecord]:
        return [edited(known, day(asked.on, today(tx)), name=asked.name)]

    return shown(await _changed(node, who, TerritoryRecord, code, version, "edit", make), response)


def find(directory: Directory, kind: type[R], code: str, version: int | None = None) -> R:
    """Problems: 404 public-service-unknown, territory-unknown; 412 version-stale."""
    record = directory.records.get(f"{kind.model_fields['kind'].default}/{code}")
    if not isinstance(record, kind):
        raise Problem(404, *UNKNOWN[kind])
    if version is not None:
        demand_version(version, record.version, "The record has changed since you read it: read it again, then decide.")
    return record


async def _changed(node: Node, who: Principal, kind: type[R], code: str, version: int, act: str, make: Callable[[Tx, R], Sequence[R]]) -> R:
    """Makes one change in one transaction, on what is stored then; the first of the records made is the one asked about."""

    async def work(tx: Tx) -> R:
        known = find(await stored(tx), kind, code, version)
        made = make(tx, known)
        if not differences(known, made[0]):
            return known
        _check(made, tx.directory)
        await write(tx, author(who), act, made)
        return made[0]

    found = await within_record(deciding(node, work))
    node.cache.expire()
    return found


def _check(made: Sequence[Editable], directory: Directory) -> None:
    after = directory.updated(made)
    for record in made:
        for wrong in checks(record, directory.records.get(record.key), after):  # type: ignore[arg-type]
            field = wrong.column and wrong.column.replace("name_", "name.").replace("title_", "title.")
            raise Refused(wrong.code, f"{wrong.reason}.", field)


async def _changes(node: Node, record: Editable, after: int, limit: int) -> ChangesOut:
    changes, following = await changes_of(node, record, after, limit)
    return ChangesOut(changes=changes, next=following)


async def _fresh(node: Node) -> Directory:
    node.cache.expire()
    return await node.directory()
