"""Tables in and out over HTTP: a preview that changes nothing, its application, and the same file back."""

from collections import Counter
from typing import Any, Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, ValidationError

from services.routing.calls import TheNode
from services.routing.directory import examples, importing
from services.routing.directory.access import Overseer, author
from services.routing.directory.imports import Row
from services.routing.directory.store import Import
from services.routing.directory.tables import ROWS_MAX, Line, TableRefused, columns, written
from services.routing.rights import National
from shared.contracts.base import Instant
from shared.messaging.tx import Tx
from shared.runtime.edge import media_type
from shared.runtime.errors import Problem, invalid_in
from shared.runtime.examples import in_answer, shown
from shared.runtime.preconditions import IfMatch

router = APIRouter(prefix="/v1/directory")
Kind = Literal["territories", "bodies", "public-services"]
BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of one table: 1,750 bodies take about a quarter of it."""


class Sent(BaseModel):
    """A table as JSON: each row by the columns of the file."""

    model_config = shown(examples.TABLE, extra="forbid")

    kind: Kind
    rows: list[dict[str, str]] = Field(max_length=ROWS_MAX)


class ImportOut(BaseModel):
    """What a table would change, or has changed where `applied_at` is set. One refused row refuses the whole."""

    model_config = shown(examples.IMPORT)

    id: int
    version: int = Field(description="For If-Match; also the ETag: the state of the directory that this was found on.")
    counts: dict[str, int]
    rows: tuple[Row, ...]
    applied_at: Instant | None

    @classmethod
    def of(cls, found: Import) -> Self:
        counts: dict[str, int] = Counter(row.change for row in found.rows)
        return cls(id=found.id, version=found.stamp, counts=dict(sorted(counts.items())), rows=found.rows, applied_at=found.applied_at)


_TAKES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {"schema": Sent.model_json_schema()}},
    }
}


@router.post("/imports", status_code=201, openapi_extra=_TAKES)
async def preview(request: Request, who: National, node: TheNode, response: Response, kind: Kind | None = None) -> ImportOut:
    """Says row by row what a table would create, change, leave or be refused for, and keeps it; nothing is applied.

    text/csv with ?kind=, or JSON. Problems: 422 with what is wrong with the file as a whole; 415 unknown-media-type.
    """
    table, content = await _given(request, kind)

    async def work(tx: Tx) -> Import:
        return await importing.preview(tx, author(who), {table: _lines(content, table, tx) if isinstance(content, list) else content})

    try:
        return _shown(await node.command(work), response)
    except TableRefused as refused:
        raise Problem(422, refused.code, refused.detail) from None


@router.get("/imports/{id}")
async def read_import(id: int, who: National, node: TheNode, response: Response) -> ImportOut:
    """A preview as it was made."""
    return _shown(await node.command(lambda tx: importing.known(tx, id)), response)


@router.post("/imports/{id}/apply", responses=in_answer(examples.APPLIED))
async def apply(id: int, version: IfMatch, who: National, node: TheNode, response: Response) -> ImportOut:
    """Writes exactly what the preview found, whole or not at all. 409 where a row is refused or the directory has moved since."""
    found = await node.command(lambda tx: importing.apply(tx, author(who), id, version))
    node.cache.expire()
    return _shown(found, response)


@router.get("/exports/{kind}.csv", response_class=Response, responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
async def export(kind: Kind, who: Overseer, node: TheNode) -> Response:
    """The table of a kind in its canonical form: what was imported in that form comes back byte for byte."""
    node.cache.expire()
    directory = await node.directory()
    if directory.pack is None:
        raise Problem(409, "no-pack", "No country pack has been loaded yet: load one first.")
    return Response(written(kind, directory, directory.pack.page_languages).encode(), media_type="text/csv; charset=utf-8")


async def _given(request: Request, kind: Kind | None) -> tuple[str, bytes | list[dict[str, str]]]:
    media, body = media_type(request.scope["headers"]), await request.body()
    if media == "text/csv":
        if kind is None:
            raise Problem(422, "invalid-field", "Say what the table holds: ?kind=bodies, public-services or territories.", field="kind")
        return kind, body
    if media != "application/json":
        raise Problem(415, "unknown-media-type", "Send the table as text/csv or as application/json.")
    try:
        sent = Sent.model_validate_json(body)
    except ValidationError as error:
        raise invalid_in(error, detail="The table is {kind, rows}; each row names its columns.") from None
    return sent.kind, sent.rows


def _lines(rows: list[dict[str, str]], kind: str, tx: Tx) -> list[Line]:
    """Columns that a row leaves out are empty; one that does not exist makes it a row of another table."""
    names = columns(kind, tx.directory.pack.page_languages if tx.directory.pack else ())
    empty = dict.fromkeys(names, "")
    return [Line(n, empty | row if set(row) <= set(names) else None) for n, row in enumerate(rows, 1)]


def _shown(found: Import, response: Response) -> ImportOut:
    response.headers["ETag"] = f'"{found.stamp}"'
    return ImportOut.of(found)
