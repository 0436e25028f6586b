"""SQL of reply templates. The national desk's body is the empty text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_FIELDS = "code, language, title, text, outcome"
_PUT = text(f"""
    insert into reply_template (body, {_FIELDS}, at) values (:body, :code, :language, :title, :text, :outcome, :at)
    on conflict (body, code, language) do update set title = excluded.title, text = excluded.text, outcome = excluded.outcome,
      at = excluded.at""")  # noqa: S608
_DROP = text("delete from reply_template where body = :body and code = :code and language = :language returning code")
_LIST = text(f"""
    select {_FIELDS} from reply_template where body = :body and (cast(:language as text) is null or language = :language)
    order by code, language""")  # noqa: S608


async def put(conn: AsyncConnection, body: str, at: datetime, template: Mapping[str, object]) -> None:
    await conn.execute(_PUT, {"body": body, "at": at, **template})


async def drop(conn: AsyncConnection, body: str, code: str, language: str) -> bool:
    """False where there was none."""
    return (await conn.execute(_DROP, {"body": body, "code": code, "language": language})).scalar_one_or_none() is not None


async def listed(conn: AsyncConnection, body: str, language: str | None) -> list[dict[str, Any]]:
    """In this language, or in all; by code."""
    return [dict(row) for row in (await conn.execute(_LIST, {"body": body, "language": language})).mappings()]
