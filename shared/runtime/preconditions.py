"""Headers that make commands safe to repeat: Idempotency-Key on creating calls, If-Match on changing ones."""

import json
import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from pydantic import BaseModel

from shared.runtime.errors import Problem
from shared.runtime.ids import keyed

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_ETAG = re.compile(r'"(\d{1,9})"')


async def idempotency_key(idempotency_key: Annotated[str, Header(description="A UUID that the caller makes for this act.")]) -> UUID:
    try:
        return UUID(idempotency_key)
    except ValueError:
        raise Problem(400, "idempotency-key-invalid", "The Idempotency-Key header must be a UUID.", field="idempotency-key") from None


async def if_match(if_match: Annotated[str, Header(description='The version that you read, such as "4" (with its quotes).')]) -> int:
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(400, "if-match-invalid", 'The If-Match header must be one version in quotes, such as "4".', field="if-match")
    return int(found[1])


IdempotencyKey = Annotated[UUID, Depends(idempotency_key)]
"""A parameter of this type requires the header. Problems: 400 `idempotency-key-missing`, 400 `idempotency-key-invalid`."""
IfMatch = Annotated[int, Depends(if_match)]
"""A parameter of this type requires the header. Problems: 428 `if-match-missing`, 400 `if-match-invalid`."""


def demand_version(
    given: int, current: int, detail: str = "The complaint has changed since you read it: read it again, then decide."
) -> None:
    """Problem 412 `version-stale` (RFC 9110, 13.1.1), with the current version, unless they are the same."""
    if given != current:
        raise Problem(412, "version-stale", detail, headers={"ETag": f'"{current}"'}, version=current)


def request_digest(key: bytes, request: BaseModel, *caller: str | None) -> bytes:
    """HMAC-SHA256 over the validated request as canonical JSON and the caller's role and body.

    Equal for equal requests however they were written; says nothing of them to whoever has no key.
    """
    canonical = _canonical([request.model_dump(mode="json"), *caller])
    return keyed(key, canonical.encode())
