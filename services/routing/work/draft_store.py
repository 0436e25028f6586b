"""SQL of drafts: one for each case, kept until the answer is posted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.desk.drafts import Draft
from shared.runtime.db import quick

_FIELDS = tuple(Draft.model_fields)
_NAMES = ", ".join(_FIELDS)
_GET = text(f"select {_NAMES} from desk_draft where complaint_id = :id and body is not distinct from :body")  # noqa: S608
_PUT = text(f"""
    insert into desk_draft (complaint_id, {_NAMES}) values (:id, {", ".join(f":{name}" for name in _FIELDS)})
    on conflict (complaint_id) do update set {", ".join(f"{name} = excluded.{name}" for name in _FIELDS)}""")  # noqa: S608
_TAKE = text(f"delete from desk_draft where complaint_id = :id returning {_NAMES}")  # noqa: S608


async def get(conn: AsyncConnection, id: UUID, body: str | None) -> Draft | None:
    """What this body has drafted; the draft of another one, which has passed the case on, is none."""
    return _draft(await quick(conn, _GET, {"id": id, "body": body}))


async def put(conn: AsyncConnection, id: UUID, draft: Draft) -> None:
    await quick(conn, _PUT, {"id": id, **dict(draft), "writers": list(draft.writers), "approvers": list(draft.approvers)})


async def take(conn: AsyncConnection, id: UUID, body: str | None) -> Draft | None:
    """As get, and none is there any more, whoever drafted it."""
    draft = _draft(await quick(conn, _TAKE, {"id": id}))
    return draft if draft and draft.body == body else None


def _draft(rows: Sequence[Any]) -> Draft | None:
    return Draft.model_validate(dict(zip(_FIELDS, rows[0], strict=True))) if rows else None
