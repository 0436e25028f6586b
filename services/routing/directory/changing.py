"""What the routes share by which the directory is changed: the day of a change, the record after it, and the changes so far."""

from collections.abc import Awaitable
from datetime import date
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.routing.directory import examples, store
from services.routing.shapes import Asked
from shared.contracts.base import Instant
from shared.contracts.directory_records import Editable
from shared.messaging.node import Node
from shared.runtime.errors import invalid_in
from shared.runtime.examples import shown as shown_as

T = TypeVar("T")
R = TypeVar("R", bound=Editable)


class Dated(Asked):
    model_config = shown_as(examples.LAST_DAY)

    on: date | None = Field(default=None, description="The local day from which it holds, today or earlier; without it today.")


class ProposedBy(BaseModel):
    """Whose proposal led to the change."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: Instant
    role: str
    body: str | None


class ChangeOut(BaseModel):
    """`role` made the change, or accepted what another proposed."""

    model_config = ConfigDict(from_attributes=True)

    at: Instant
    version: int
    act: str
    role: str
    body: str | None
    valid_from: date
    fields: dict[str, Any]
    proposal: ProposedBy | None


async def changes_of(node: Node, record: Editable, after: int, limit: int) -> tuple[list[ChangeOut], int | None]:
    """As they were made, oldest first, and `after` for the next page; None: this was the last."""
    async with node.read() as conn:
        found = await store.changes(conn, record.key, after, limit + 1)
    return [ChangeOut.model_validate(change) for change in found[:limit]], found[limit - 1].id if len(found) > limit else None


async def within_record(work: Awaitable[T]) -> T:
    """What the record's contract refuses becomes a problem: 422 invalid-field."""
    try:
        return await work
    except ValidationError as error:
        raise invalid_in(error, detail="This field is not as the directory writes it.") from None


def shown(record: R, response: Response) -> R:
    """The record, its version as the ETag."""
    response.headers["ETag"] = f'"{record.version}"'
    return record
